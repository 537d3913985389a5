// What is served without a Corefile, or with one that has no server block.

export const defaultCorefile = (port: number): string => `.:${port} {\nwhoami\nlog\n}\n`
