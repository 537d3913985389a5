// Texts for logs and diagnostics.

/** Whoever reads the log takes each line for a thing of its own. */
export const oneLine = (text: string): string => text.replaceAll(/\s*[\r\n]+\s*/g, ' ')
