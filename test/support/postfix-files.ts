/** The two files of a Postfix that lives in folders of its own on the loopback; all that is not said is Debian's default. */

/** Where Debian has Postfix's programs. */
export const daemons = '/usr/lib/postfix/sbin'

type Places = { readonly queue: string; readonly state: string; readonly log: string; readonly hostname: string }

/** @param settings lines of main.cf beside those about places */
export function mainCf({ queue, state, log, hostname }: Places, settings: string): string {
  return `
compatibility_level = 3.6
queue_directory = ${queue}
data_directory = ${state}
command_directory = /usr/sbin
daemon_directory = ${daemons}
mail_owner = postfix
setgid_group = postdrop
myhostname = ${hostname}
mydestination =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
maillog_file = ${log}
maillog_file_prefixes = ${log}
${settings.trim()}
`
}

/** @param transports lines of master.cf for the ways that mail leaves by */
export function masterCf(port: number, ...transports: readonly string[]): string {
  return `
127.0.0.1:${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
${transports.join('\n')}
`
}
