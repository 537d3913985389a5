// The data that templates of the tests are rendered with: in shape what the plugin template gives.

import { Dict, Int, List, Struct, type Value } from '../../src/plugins/template/engine/values.ts'

const dict = (entries: Readonly<Record<string, Value>>): Dict =>
  new Dict(new Map(Object.entries(entries)), 'map[string]interface {}', null)

const question = new Struct(
  '*template.Question',
  {
    Name: () => 'Www.Example.org.',
    Qtype: () => new Int(1, 'uint16'),
    Qclass: () => new Int(1, 'uint16'),
  },
  { text: () => ';Www.Example.org.\tIN\t A' },
)

const message = new Struct('*template.Msg', {
  Id: () => new Int(7, 'uint16'),
  RecursionDesired: () => true,
  Opcode: () => new Int(0),
  Question: () => new List([question], '[]template.Question'),
  Answer: () => new List([], '[]string'),
})

const variables = dict({
  i: new Int(5),
  f: 2.5,
  s: 'str',
  l: new List([new Int(1), 'x', true], '[]interface {}'),
  b: true,
  m: dict({ k: new Int(1) }),
  z: null,
})

const groups = new Map(Object.entries({ 0: 'www.', 1: 'www', n: 'www', num: '42' }))

export const data = (): Struct =>
  new Struct(
    '*template.templateData',
    {
      Zone: () => 'example.org.',
      Name: () => 'www.example.org.',
      Regex: () => '^(?P<n>w+)\\.',
      Match: () => new List(['www.', 'www'], '[]string'),
      Group: () => new Dict(groups, 'map[string]string', ''),
      Class: () => 'IN',
      Type: () => 'A',
      Message: () => message,
      Question: () => question,
      Remote: () => '192.0.2.53',
      Var: () => variables,
    },
    { methods: { Meta: { arity: 1, call: label => (label === 'a/b' ? 'meta' : '') } } },
  )
