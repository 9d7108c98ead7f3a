/** What is asked of the DNS and what comes back. */

export type DnsRecord =
  | { readonly type: 'A'; readonly address: string }
  | { readonly type: 'AAAA'; readonly address: string }
  /** `exchange` as it came, in lower case: any text; '' for the root. */
  | { readonly type: 'MX'; readonly preference: number; readonly exchange: string }
  /** The strings of the record joined, an octet a character. Any octets. */
  | { readonly type: 'TXT'; readonly text: string }
  /** `name` as it came, in lower case: any text. */
  | { readonly type: 'PTR'; readonly name: string }
  | {
      readonly type: 'TLSA'
      readonly usage: number
      readonly selector: number
      readonly matchingType: number
      /** The record's own copy: a digest, or a certificate or key in DER. */
      readonly association: Buffer
    }

export type QueryType = DnsRecord['type']

export type RecordOf<Type extends QueryType> = Extract<DnsRecord, { readonly type: Type }>

export type Answer<Type extends QueryType> = {
  /** `no-data`: the name exists, such a record does not; `no-name`: nothing of that name exists (NXDOMAIN). */
  readonly status: 'found' | 'no-data' | 'no-name'
  /** At most `budget.dnsUsed`, those of MX with the lowest preferences; none unless `found`. */
  readonly records: readonly RecordOf<Type>[]
  /** Whether all of it, or its absence, is signed (RFC 4035), which only a name server on this host can say. */
  readonly secure: boolean
  /** The name that the aliases (CNAME) led to; the one asked for where there is none. Lower case, A-labels. */
  readonly name: string
}

/** Who answers questions: a `Resolver`, or what stands in for it. */
export type Names = {
  query<Type extends QueryType>(name: string, type: Type): Promise<Answer<Type>>
}

/** @returns a test for records of that type */
export function isOfType<Type extends QueryType>(type: Type): (record: DnsRecord) => record is RecordOf<Type> {
  return (record): record is RecordOf<Type> => record.type === type
}
