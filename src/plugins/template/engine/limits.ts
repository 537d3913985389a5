// Limits on the cost of rendering one template. The operator writes the template, but its data may
// come from a client: a name can hold a number that a template counts up to.

/** Executed nodes and turns of loops. */
export const MAX_STEPS = 20_000
/** Output. A DNS message is no longer. */
export const MAX_OUTPUT_BYTES = 64 * 1024
/** UTF-16 units of all text that is made, as results of functions and as output. */
export const MAX_TEXT = 1024 * 1024
/** Nested calls of templates. */
export const MAX_CALLS = 100
/** Nested lists of nodes and pipelines. The stack has room for so many. */
const MAX_DEPTH = 400

/** Why rendering failed, in Go's words where Go fails as well. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'TemplateError'
  }
}

/** What one rendering has used of its limits. */
export class Budget {
  #steps = 0
  #text = 0

  /** Counts one step at this nesting depth. */
  step(depth: number): void {
    if (++this.#steps > MAX_STEPS) throw new TemplateError(`more than ${MAX_STEPS} steps`)
    if (depth > MAX_DEPTH) throw new TemplateError(`nested more than ${MAX_DEPTH} deep`)
  }

  /** Counts text of that length. Called before the text is made. */
  text(length: number): void {
    this.#text += length
    if (this.#text > MAX_TEXT) throw new TemplateError(`more than ${MAX_TEXT} characters of text`)
  }
}
