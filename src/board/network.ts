/** How the board is reached: `network.json`, which the network scripts write anew at each change. */
import * as v from 'valibot'

const name = v.pipe(v.string(), v.regex(/^[\w.:@-]{1,30}$/))
/** Addresses, with a length of prefix or without: those who use them look closer. */
const address = v.pipe(v.string(), v.regex(/^[\da-fA-F.:]{2,45}(?:%[\w.-]{1,30})?(?:\/\d{1,3})?$/))
const addresses = v.pipe(v.array(address), v.maxLength(32))

const schema = v.object({
  /** Empty where there is none. */
  interface: v.union([name, v.literal('')]),
  how: v.picklist(['dhcp', 'fixed', 'none']),
  /** With the length of their prefix: `192.168.1.5/24`. */
  addresses,
  /** Empty where there is none. */
  gateway: v.pipe(
    v.optional(v.nullable(v.union([address, v.literal('')]))),
    v.transform(given => given ?? ''),
  ),
  dns: addresses,
  /** Whether something is at the other end of the cable. */
  link: v.boolean(),
})

export type Network = Readonly<v.InferOutput<typeof schema>>

/** @returns undefined for what makes no sense, and for nothing */
export function readNetwork(text: string | undefined): Network | undefined {
  try {
    const read = v.safeParse(schema, JSON.parse(text ?? 'null'))
    return read.success ? read.output : undefined
  } catch {
    return undefined
  }
}
