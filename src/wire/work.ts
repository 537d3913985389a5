// How much work names are, counted in steps: a label or pointer walked, a slot of a table looked
// at, a label compared. Only tests read it: a message must not cost
// more steps than its size allows.

/**
 * Of this thread, since it began, in one word that wraps: a number that grows for ever would not
 * stay a small integer.
 */
export const steps = new Int32Array(1)
