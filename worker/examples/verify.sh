#!/bin/sh
# Checks the signature of a webhook (Standard Webhooks) with openssl:
#
#	verify.sh SECRET WEBHOOK-ID WEBHOOK-TIMESTAMP WEBHOOK-SIGNATURE <body
#
# The exit status is 0 if the body was signed with SECRET, the whsec_… of the
# subscription, within the last five minutes.
set -eu
key=$(printf %s "${1#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
mac=$({
	printf '%s.%s.' "$2" "$3"
	cat
} | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)
# There are several while a secret is being replaced: one must be right.
case " $4 " in
*" v1,$mac "*) ;;
*) exit 1 ;;
esac
age=$(($(date +%s) - $3))
[ $age -lt 300 ] && [ $age -gt -300 ]
