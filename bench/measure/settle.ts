// Servers give memory back some seconds after they needed it.

export const SETTLE_MS = 6000

export const settle = (): Promise<void> => new Promise(resolve => setTimeout(resolve, SETTLE_MS))
