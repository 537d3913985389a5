// Why the system gives a process no further thread, in a sentence.

/** By the name of the system's error. */
const SHORT_OF: Readonly<Record<string, string>> = {
  EAGAIN:
    'the system has no thread left for this process (see ulimit -u, and pids.max of its cgroup)',
  EMFILE: 'the process has no file descriptor left for a thread (see ulimit -n)',
  ENFILE: 'the system has no file descriptor left for a thread',
  ENOMEM: 'the system has no memory left for a thread',
}

/** Undefined for an error that says something else. */
export const threadShortage = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  if (error.code !== 'ERR_WORKER_INIT_FAILED') return undefined
  const [name = ''] = /\bE[A-Z]+$/.exec(error.message) ?? []
  return SHORT_OF[name] ?? `no thread can begin: ${error.message}`
}
