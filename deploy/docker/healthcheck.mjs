// Asks the service's own admin listener whether it is ready; exit code 0 or 1, as container health checks want it.
const port = (process.env.BANYAN_ADMIN_LISTEN ?? '').split(':').at(-1);
try {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) });
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  console.error(`no answer from the admin listener on port ${port}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
