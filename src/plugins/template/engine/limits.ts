// Limits on the cost of rendering one template. The operator writes the template, but its data may
// come from a client: a name can hold a number that a template counts up to.

/** Nodes and turns of loops. */
export const MAX_STEPS = 20_000
/** What is written. A message has no more. */
export const MAX_OUTPUT_BYTES = 64 * 1024
/** UTF-16 units of text made on the way, by functions and by what is written. */
export const MAX_TEXT = 1024 * 1024
/** Templates that call each other. */
export const MAX_CALLS = 100
/** What is rendered inside each other: lists of nodes and pipelines. The stack has room for it. */
const MAX_DEPTH = 400

/** Rendering failed: says why, in Go's words where Go fails too. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'TemplateError'
  }
}

/** Of one rendering. */
export class Budget {
  #steps = 0
  #text = 0

  /** One more, so deep inside others. */
  step(depth: number): void {
    if (++this.#steps > MAX_STEPS) throw new TemplateError(`more than ${MAX_STEPS} steps`)
    if (depth > MAX_DEPTH) throw new TemplateError(`nested more than ${MAX_DEPTH} deep`)
  }

  /** To be called before text of that length is made. */
  text(length: number): void {
    this.#text += length
    if (this.#text > MAX_TEXT) throw new TemplateError(`more than ${MAX_TEXT} characters of text`)
  }
}
