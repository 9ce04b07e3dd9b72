import { basename } from "node:path"
import { nodes, paths, type Rule } from "./TidyRule.ts"
import { type Node, nameOf } from "./TidySource.ts"

/** How files and declarations of `src/` are called, and how big they may be. */
export const nameRules: ReadonlyArray<Rule> = [
  {
    name: "no barrels",
    instead: "import from the file that owns the noun",
    find: paths((path) => /^index\.\w+$/.test(basename(path))),
    wrong: [{ path: "src/payments/index.ts", text: "" }],
    right: [{ path: "src/payments/IndexedPayments.ts", text: "" }]
  },
  {
    name: "folders named after what the business names",
    instead: "one lowercase folder per noun, not per kind of code",
    find: paths((path) =>
      path
        .split("/")
        .slice(1, -1)
        .some((folder) => kinds.has(folder) || !/^[a-z]+(-[a-z]+)*$/.test(folder))
    ),
    wrong: [
      { path: "src/services/Payments.ts", text: "" },
      { path: "src/payments/utils/Money.ts", text: "" },
      { path: "src/Payments/Payments.ts", text: "" }
    ],
    right: [
      { path: "src/payment-methods/PaymentMethods.ts", text: "" },
      { path: "src/Api.ts", text: "" }
    ]
  },
  {
    name: "files named after their noun",
    instead: "PascalCase, as the noun it exports",
    find: paths((path) => !/^src\/(main|cli)\.ts$|(^|\/)[A-Z][A-Za-z0-9]*\.ts$/.test(path)),
    wrong: [
      { path: "src/payments/payments.ts", text: "" },
      { path: "src/payments/main.ts", text: "" },
      { path: "src/payments/Payments-repo.ts", text: "" },
      { path: "src/payments/Payments.js", text: "" }
    ],
    right: [
      { path: "src/main.ts", text: "" },
      { path: "src/payments/PaymentsRepo.ts", text: "" }
    ]
  },
  {
    name: "no empty names",
    instead: "say what it is: a layer is `layer`, a service is a plural noun",
    find: (source) => [
      ...paths((path) => empty.test(basename(path, ".ts")))(source),
      ...nodes(({ node }) => empty.test(declared(node)))(source)
    ],
    wrong: [
      "const HttpLive = 1",
      "class PaymentsImpl {}",
      "interface PoolManager {}",
      "type DateUtil = 1",
      "const dateUtils = 1",
      "function sqlHelper() {}",
      "const layerLive = 1",
      "class Payments { static readonly Live = 1 }",
      { path: "src/payments/PaymentsHelper.ts", text: "" }
    ],
    right: [
      "const isLive = true",
      "const layer = 1",
      "const aliveUntil = 1",
      "const { helper } = x",
      "class Deliver {}"
    ]
  },
  {
    name: "no line over 120 columns",
    instead: "break it",
    find: ({ text }) => Array.from(text.matchAll(/^.{121,}$/gmu), ({ index }) => index),
    wrong: [`const x = "${"x".repeat(110)}"`],
    right: [`const x = "${"x".repeat(108)}"`, `// ${"é".repeat(117)}`, `// ${"🂡".repeat(117)}`]
  },
  {
    name: "no file over 300 lines",
    instead: "two nouns share a room: give each its own file",
    find: ({ text }) => (text.split("\n").length > 301 ? [0] : []),
    wrong: ["x\n".repeat(301)],
    right: ["x\n".repeat(300)]
  }
]

const kinds: ReadonlySet<string> = new Set(["services", "layers", "models", "utils", "types", "helpers"])

// `isLive` and the like are facts about live mode; only a type or a layer called …Live is the empty suffix.
const empty = /^([A-Z]|layer)\w*Live$|([a-z0-9]|^)(Impl|Manager|Helpers?|Utils?)$|^(Live|helpers?|utils?|manager)$/

const declared = (node: Node): string =>
  declarations.has(node.type) ? nameOf(node.id) : node.static === true ? nameOf(node.key) : ""

const declarations: ReadonlySet<string> = new Set([
  "VariableDeclarator",
  "FunctionDeclaration",
  "ClassDeclaration",
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration"
])
