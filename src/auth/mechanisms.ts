/** The SASL mechanisms we know, strongest first, for both sides; and how the server's side of each begins. */
import { type Exchange, type Step, startSasl } from './sasl.ts'
import { type ScramStep, startScram } from './scram.ts'

export const mechanisms = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'PLAIN', 'LOGIN'] as const
export type Mechanism = (typeof mechanisms)[number]

/** @param binding whether the connection's TLS gives a channel binding @returns what can be offered on it, strongest first */
export function mechanismsFor({ binding }: { readonly binding: boolean }): readonly Mechanism[] {
  return binding ? mechanisms : mechanisms.filter(mechanism => mechanism !== 'SCRAM-SHA-256-PLUS')
}

/** @param binding as in `ScramOptions`; the same for every exchange on a connection, whatever mechanism the client takes */
export function startExchange(mechanism: Mechanism, binding: Buffer | undefined): Exchange<Step | ScramStep> {
  switch (mechanism) {
    case 'SCRAM-SHA-256-PLUS':
      return startScram({ plus: true, binding })
    case 'SCRAM-SHA-256':
      return startScram({ plus: false, binding })
    case 'PLAIN':
    case 'LOGIN':
      return startSasl(mechanism)
    default:
      return mechanism satisfies never
  }
}
