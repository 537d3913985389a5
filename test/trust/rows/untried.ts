// Bars that no row tries, and why.

export const UNTRIED: Readonly<Record<string, string>> = {}
