import type { Brand } from "./Brands.ts"

/** A code that the amount asks for, with the raw network code where it differs. */
export interface Trigger {
  readonly code: string
  readonly network: string
  readonly text?: string
}

// EPX trigger lists: "cents:code", cents being the last three digits of the amount.
const tables: { readonly [brand in Brand]?: string } = {
  V: `100:00 101:01 102:02 103:03 104:04 105:05 106:06 107:07 109:12 110:13 111:14 112:15 113:19 114:21 115:28
      118:41 119:43 120:51 121:52 122:53 123:54 124:55 126:57 127:58 129:61 130:62 131:63 132:65 133:75 134:76
      135:77 138:80 139:81 140:82 141:83 142:85 145:91 146:92 147:93 148:94 149:96 151:EB 153:ER 154:N3 155:N4
      156:N7 157:TO 159:10 160:11 161:6P 162:B1 163:E2 164:E3 165:E9 166:EQ 167:ES 168:ET 169:EU 170:N0 171:P2
      172:P5 173:P6 174:Q1 175:R0 176:R1 177:R3 178:S4 179:Z1 180:Z3`,
  M: `100:00 101:01 102:02 103:03 104:04 105:05 106:06 107:07 108:08 109:12 110:13 111:14 112:15 113:19 114:21
      115:28 117:17 118:41 119:43 120:51 121:52 122:53 123:54 124:55 126:57 127:58 129:61 130:62 131:63 132:65
      133:75 134:76 135:77 138:80 139:81 140:82 141:83 142:85 145:91 146:92 147:93 148:94 149:96 151:EB 153:ER
      154:N3 155:N4 156:N7 157:TO 159:10 178:39 179:70 180:78 181:84 182:86 183:87 184:88 185:89 186:E2 187:E3
      188:E9 189:EA 190:EC 191:EQ 192:ES 193:ET 194:S4
      160:SA/79 161:SB/79 162:SC/79 163:SD/79 164:SE/79 165:SF/79
      166:SA/82 167:SB/82 168:SC/82 169:SD/82 170:SE/82 171:SF/82
      172:SA/83 173:SB/83 174:SC/83 175:SD/83 176:SE/83 177:SF/83`,
  R: `100:00 101:01 102:03 103:04 104:05 105:07 106:08 109:12 110:13 111:14 112:15 113:19 114:30 115:31 118:35
      119:36 120:37 121:38 122:39 123:40 124:41 126:51 127:53 129:55 130:56 131:57 132:58 133:59 134:60 135:61
      138:64 139:65 140:66 141:67 142:85 145:77 146:78 147:87 148:91 149:92 151:94 159:10`,
  S: `100:00 101:01 102:00 103:00 104:05 105:54 106:05 107:05 109:01 110:03 111:13 112:78 113:57 114:N7 115:54
      118:05 119:04 159:10`
}

/** The text EPX prints beside Mastercard's advice codes. */
export const adviceText = "DECLINE ADD AVAIL"

const parse = (entry: string): [cents: number, trigger: Trigger] => {
  const [cents = "", codes = ""] = entry.split(":")
  const [code = "", network] = codes.split("/")
  return [Number(cents), network === undefined ? { code, network: code } : { code, network, text: adviceText }]
}

const triggers = new Map(
  Object.entries(tables).map(([brand, table]) => [brand, new Map(table.split(/\s+/).map(parse))])
)

/** What EPX's test environment answers to this amount, if it is a trigger. Only the four trigger cards obey. */
export const triggerOf = (brand: Brand, cents: number): Trigger | undefined => triggers.get(brand)?.get(cents % 1000)
