// Go's text/template, as far as a template for records can use it: parsed once, rendered within
// bounds.

import { render } from './execute.ts'
import { nodesText } from './nodes.ts'
import { parseTemplate } from './parser.ts'
import type { Value } from './values.ts'

export class Template {
  /** The template as Go writes it. This is the value of the `template` label. */
  readonly text: string
  readonly #render: (data: Value) => string

  /** Throws TemplateSyntaxError. */
  constructor(name: string, source: string) {
    const tree = parseTemplate(name, source)
    this.text = nodesText(tree.root)
    this.#render = data => render(tree, name, source, data)
  }

  /** Throws TemplateError. */
  render(data: Value): string {
    return this.#render(data)
  }
}
