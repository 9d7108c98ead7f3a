/** An authority that issues certificates, and its keys, in the shapes that TLS and DANE want. */
import 'reflect-metadata'
import type { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { ShownCertificate } from '../../src/dns/tlsa.ts'

const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

export type Wishes = {
  readonly notAfter?: Date
  /** Whose keys it shares; its own by itself. */
  readonly keysOf?: Issued
}

export class Issued {
  readonly certificate: x509.X509Certificate
  readonly #keys: webcrypto.CryptoKeyPair

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.certificate = certificate
    this.#keys = keys
  }

  /** @param issuer who signs it; itself where there is none @param ca whether it may issue others */
  static async make(name: string, ca: boolean, issuer?: Issued, wishes: Wishes = {}): Promise<Issued> {
    const made = () => crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])
    const keys = wishes.keysOf === undefined ? await made() : wishes.keysOf.#keys
    const certificate = await x509.X509CertificateGenerator.create({
      subject: [{ CN: [name] }],
      issuer: issuer?.certificate.subject ?? `CN=${name}`,
      notBefore: new Date('2024-01-01'),
      notAfter: wishes.notAfter ?? new Date('2044-01-01'),
      signingAlgorithm,
      publicKey: keys.publicKey,
      signingKey: (issuer === undefined ? keys : issuer.#keys).privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(ca, undefined, true),
        ...(ca ? [] : [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])]),
      ],
    })
    return new Issued(certificate, keys)
  }

  get shown(): ShownCertificate {
    return { raw: Buffer.from(this.certificate.rawData), publicKey: Buffer.from(this.certificate.publicKey.rawData) }
  }

  get pem(): string {
    return this.certificate.toString('pem')
  }

  async keyPem(): Promise<string> {
    return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', this.#keys.privateKey), 'PRIVATE KEY')
  }
}
