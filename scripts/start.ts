import { prepare } from './prepare.ts';

/**
 * `npm start`: makes what is missing, then runs the server in this same process, so that signals reach it.
 */

try {
  prepare((sentence) => console.error(sentence));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(3);
}
// Imported only now: the server needs the generated client.
const { main } = await import('#server/main.ts');
// Once the server has stopped nothing is left to wait for, whatever a library may have left open.
process.exit(await main((line) => console.log(line)));
