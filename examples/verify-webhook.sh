#!/bin/sh
# Says whether a message that you kept is genuine: a shell and openssl, nothing else. To find out what your receiver does
# wrong; a receiver itself also refuses timestamps more than five minutes away and compares in constant time.
#   WEBHOOK_SECRET=whsec_… sh examples/verify-webhook.sh "$webhook_id" "$webhook_timestamp" "$webhook_signature" < body
# The body must be the bytes as they came.
set -eu
key=$(printf %s "${WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
expected=v1,$({ printf '%s.%s.' "$1" "$2"; cat; } | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)
# While secrets rotate there are two signatures; one that fits is enough.
for given in $3; do
  if [ "$given" = "$expected" ]; then
    echo genuine
    exit 0
  fi
done
echo 'not genuine'
exit 1
