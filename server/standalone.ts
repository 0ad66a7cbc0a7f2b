import { main } from './main.ts';

/** The entry of the bundle: the appliance as a program of its own. */
// Once the server has stopped nothing is left to wait for, whatever a library may have left open.
void main((line) => process.stdout.write(`${line}\n`)).then((code) => process.exit(code));
