/** The table of checks, in the order in which their findings are shown among equals. */
import { aliases } from './aliases.ts'
import { blocklists } from './blocklists.ts'
import { certificate } from './certificate.ts'
import { disk } from './disk.ts'
import { dkim } from './dkim.ts'
import { dmarc } from './dmarc.ts'
import { hostname } from './hostname.ts'
import { logins } from './logins.ts'
import { memory } from './memory.ts'
import { mx } from './mx.ts'
import { network } from './network.ts'
import type { Check } from './patient.ts'
import { portIn } from './port-in.ts'
import { portOut } from './port-out.ts'
import { reverse } from './reverse.ts'
import { smarthost } from './smarthost.ts'
import { spf } from './spf.ts'
import { storeHealth } from './storehealth.ts'
import { time } from './time.ts'
import { waiting } from './waiting.ts'
import { wear } from './wear.ts'

export const checks: readonly Check[] = [
  storeHealth,
  disk,
  wear,
  time,
  memory,
  network,
  mx,
  hostname,
  portIn,
  portOut,
  smarthost,
  waiting,
  reverse,
  spf,
  dkim,
  dmarc,
  blocklists,
  certificate,
  logins,
  aliases,
]
