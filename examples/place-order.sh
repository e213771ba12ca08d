#!/bin/sh
# Places one order over HTTP and prints its state: curl and a shell, nothing else.
# GOLDPRO_URL and GOLDPRO_KEY say where and as whom; $1 is your own reference of the order.
# Repeating it is safe for ever: the same reference and content is the same order.
set -eu
reference=${1:-"A-$(date +%s)"}
curl --silent --show-error --fail-with-body --max-time 40 --retry 5 --retry-connrefused \
  -X POST "$GOLDPRO_URL/v1/orders?wait=20" \
  -H "Authorization: Bearer $GOLDPRO_KEY" \
  -H 'Content-Type: application/json' \
  -d "{\"kind\":\"buy\",\"reference\":\"$reference\",\"phone_number\":\"081234500003\",\"gold_weight\":\"0.5\"}"
echo
