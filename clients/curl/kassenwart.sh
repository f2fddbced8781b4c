#!/bin/sh
# Kassenwart with curl: a script to read as much as to run. Usage: kassenwart.sh COMMAND [ARGUMENTS]
#
#   devices                        all devices and how they are
#   test DEVICE                    a connection test in plain words
#   print PRINTER TEXT             print one line and say what became of it
#   status PRINTER                 paper, cover, error
#   pay TERMINAL CENTS             take a card payment and wait for the verdict
#   resolve PAYMENT                ask the terminal about an unknown payment (name as printed by pay)
#   open DRAWER REASON             open a drawer
#   tse TSE                        state of the TSE
#   calls                          latest calls
#   events [AFTER]                 the event stream (Ctrl-C ends it)
#   system                         versions, disk, warnings
#
# KASSENWART_URL   where the daemon listens (http://127.0.0.1:7380)
# KASSENWART_TOKEN the token, or the file KASSENWART_TOKEN_FILE (.run/token)
set -eu

url=${KASSENWART_URL:-http://127.0.0.1:7380}

token() { printf %s "${KASSENWART_TOKEN:-$(cat "${KASSENWART_TOKEN_FILE:-.run/token}")}"; }

# The token goes through a file descriptor: command lines can be read by every user of the machine.
call() { # VERB PATH [JSON]
    printf 'header = "Authorization: Bearer %s"\n' "$(token)" |
        curl --silent --show-error --config - --request "$1" "$url$2" \
            ${3:+--header 'Content-Type: application/json' --data "$3"}
    echo
}

# A text as a JSON string: backslash and quote escaped, control characters dropped.
json() { printf '"%s"' "$(printf %s "$1" | tr -d '\000-\037' | sed 's/\\/\\\\/g; s/"/\\"/g')"; }

# Each new wish gets an id of its own; repeating a request with the same id is harmless.
id() { cat /proc/sys/kernel/random/uuid; }

case ${1:-help} in
devices) call GET /v1/devices ;;
test) call POST "/v1/devices/$2:test" '{}' ;;
print) call POST "/v1/printers/$2/jobs" \
    "{\"document\":{\"blocks\":[{\"text\":{\"text\":$(json "$3")}},{\"cut\":{}}]},\"requestId\":\"$(id)\",\"wait\":\"30s\"}" ;;
status) call GET "/v1/printers/$2/status" ;;
pay) call POST "/v1/terminals/$2/payments" \
    "{\"amountMinor\":$3,\"currencyCode\":\"EUR\",\"requestId\":\"$(id)\",\"wait\":\"180s\"}" ;;
resolve) call POST "/v1/$2:resolve" '{}' ;;
open) call POST "/v1/drawers/$2:open" "{\"reason\":$(json "$3"),\"requestId\":\"$(id)\"}" ;;
tse) call GET "/v1/tse/$2" ;;
calls) call GET /v1/calls ;;
events) printf 'header = "Authorization: Bearer %s"\n' "$(token)" |
    curl --silent --show-error --no-buffer --config - "$url/v1/events?resumeAfter=${2:-}" ;;
system) call GET /v1/system ;;
*) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" ;;
esac
