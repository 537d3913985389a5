// Node opens its debugger, which executes any code that it is sent, if SIGUSR1 comes before we have
// a handler for it. For this server the signal means a reload, not a request for a debugger.
// (`--disable-sigusr1` is no way out: with it Node 26 leaves the signal blocked for good.)

/**
 * Closes a debugger that no flag has asked for. It may open a moment after the signal: call this
 * again once the server runs.
 */
export const closeStrayDebugger = (): void => {
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(' ')]
  if (flags.some(flag => flag.startsWith('--inspect'))) return
  const inspector = process.getBuiltinModule('node:inspector')
  if (inspector.url() !== undefined) inspector.close()
}
