// A worker with native code that crashes: abort() for a row that holds 666, an endless loop for one that holds 777.
process.on('message', ({ kind, rows }) => {
  if (kind !== 'run') return;
  if (rows.flat().includes('666')) process.abort();
  while (rows.flat().includes('777'));
});

await import('../../dist/sidecar/worker.js');
