/** In a process that stands for Electron's utility process: its port to the parent, over Node's own channel. */
const listeners = [];
const early = [];
process.on('message', (data) => {
  if (listeners.length === 0) early.push(data);
  for (const listener of listeners) listener({ data, ports: [] });
});
process.on('disconnect', () => process.exit(1));
process.parentPort = {
  on(_event, listener) {
    listeners.push(listener);
    for (const data of early.splice(0)) listener({ data, ports: [] });
  },
  postMessage: (message) => process.send(message),
};
