import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';

// grpc-js writes lines of its own to stderr, also for what it tells as an error besides. Who wants them sets
// GRPC_VERBOSITY, which grpc-js reads itself.
if (process.env['GRPC_VERBOSITY'] === undefined) setLogVerbosity(logVerbosity.NONE);
