#!/bin/sh
# The first five minutes with tucuxi, on Debian 12: installs what is missing (as root or with sudo), builds the tool, starts a real S3 server
# that verifies signatures (versitygw), uploads a tree of 2,001 files, lists it, downloads it, compares every byte, and shows what a wrong secret
# and a missing bucket look like. The server and the work folder are gone at the end, also after an error or Ctrl-C.
#
#   sh examples/quickstart.sh
#
# With a server of your own: TUCUXI_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_DEFAULT_REGION) in the environment. It is used
# in a bucket with a random name, which is deleted again.
#
# TUCUXI_QUICKSTART_FILES (2000) and TUCUXI_QUICKSTART_BIG_MIB (256) make it smaller or larger; TUCUXI_QUICKSTART_BUILD names another build folder.
#
# Exit status: 0 when every step did what it should; 1 when one did not; 130 after Ctrl-C.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/test/tools/setup.sh"
build=${TUCUXI_QUICKSTART_BUILD:-$root/build-quickstart}
tool=$build/examples/tucuxi/tucuxi
files=${TUCUXI_QUICKSTART_FILES:-2000}
big_mib=${TUCUXI_QUICKSTART_BIG_MIB:-256}
work=
server=
bucket=

title() { printf '\n== %s\n' "$*"; }
fail() { complain "quickstart: $*"; exit 1; }
now() { date +%s.%N; }
random_name() { od -An -N8 -tx1 /dev/urandom | tr -d ' \n'; }
tucuxi() { "$tool" "$@" --endpoint-url "$TUCUXI_ENDPOINT_URL"; }

# What is left to be undone, in turn; runs at every exit, once.
cleanup() {
  status=$?
  trap '' INT TERM HUP
  trap - EXIT
  if [ -n "$bucket" ] && [ -z "$server" ]; then
    say "Deleting the bucket $bucket"
    { tucuxi rm --recursive "s3://$bucket/" >"$work/rm.log" 2>&1 && tucuxi rb "s3://$bucket" >>"$work/rm.log" 2>&1; } ||
      { cat "$work/rm.log" >&2; complain "quickstart: the bucket $bucket could not be deleted"; [ "$status" -ne 0 ] || status=1; }
  fi
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || :
    wait "$server" 2>/dev/null || :
  fi
  [ -z "$work" ] || rm -rf "$work"
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

prepare() {
  packages=$TUCUXI_BUILD_PACKAGES
  [ -n "${TUCUXI_ENDPOINT_URL:-}" ] || packages="$packages $TUCUXI_SERVER_PACKAGES"
  need_packages $packages || exit 1
  title "Building tucuxi in ${build#"$root"/}"
  mkdir -p "$build"
  { cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DTCX_BUILD_TESTS=OFF && cmake --build "$build"; } >"$build/quickstart.log" 2>&1 ||
    { tail -n 40 "$build/quickstart.log" >&2; fail "the build failed"; }
  "$tool" --version || fail "the tool does not start"
}

make_work_folder() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/tucuxi-quickstart.XXXXXX")
  free_kib=$(df -Pk "$work" | awk 'NR == 2 { print $4 }')
  [ "$free_kib" -gt 2097152 ] || fail "$work has $((free_kib / 1024)) MiB free, and 2 GiB are needed (TMPDIR names another place)"
}

# A port of the loopback that is free, outside of the range that outgoing connections use.
free_port() {
  python3 -c '
import random, socket
while True:
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", random.randrange(20000, 32000)))
        except OSError:
            continue
        print(s.getsockname()[1])
        break'
}

# Whether the server on the port answers; not when its process has ended, whoever else is there.
server_answers() {
  python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2)' "$TUCUXI_ENDPOINT_URL/health" 2>/dev/null && kill -0 "$server" 2>/dev/null
}

# The server with keys of its own.
start_server() {
  versitygw_ready || exit 1
  title "Starting versitygw $VERSITYGW_VERSION"
  AWS_ACCESS_KEY_ID=quickstart
  AWS_SECRET_ACCESS_KEY=$(random_name)
  AWS_CONFIG_FILE=/dev/null
  AWS_SHARED_CREDENTIALS_FILE=/dev/null
  export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
  unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_REGION AWS_CA_BUNDLE
  port=$(free_port)
  TUCUXI_ENDPOINT_URL=http://127.0.0.1:$port
  mkdir "$work/server"
  "$(versitygw_path)" --access "$AWS_ACCESS_KEY_ID" --secret "$AWS_SECRET_ACCESS_KEY" --region "$AWS_DEFAULT_REGION" --port "127.0.0.1:$port" \
    --keep-alive --quiet --health /health posix "$work/server" >"$work/server.log" 2>&1 &
  server=$!
  tries=0
  until server_answers; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
      cat "$work/server.log" >&2
      fail "the server did not start"
    fi
    sleep 0.1
  done
  say "It listens at $TUCUXI_ENDPOINT_URL, its process is $server."
}

# Sizes from 1 KiB to 4 MiB, most of them small, as in life; names with what names hold.
make_tree() {
  mkdir -p "$work/tree/plain" "$work/tree/with space" "$work/tree/plus+and&more" "$work/tree/größe" "$work/tree/deep/er/still"
  awk -v n="$files" 'BEGIN {
    split("plain|with space|plus+and&more|größe|deep/er/still", folder, "|")
    for (i = 0; i < n; i++) {
      u = (i * 7919 % n) / (n - 1)
      printf "%d %s/file-%04d.bin\n", 1024 + (4 * 1024 * 1024 - 1024) * u ^ 24, folder[i % 5 + 1], i
    }
  }' >"$work/sizes"
  while read -r size name; do
    head -c "$size" /dev/urandom >"$work/tree/$name"
  done <"$work/sizes"
  head -c "${big_mib}M" /dev/urandom >"$work/tree/big.bin"
  total=$(find "$work/tree" -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%d", n }')
  say "$((files + 1)) files, $((total / 1048576)) MiB"
}

# timed WHAT COMMAND...: runs it and prints what it did a second.
timed() {
  what=$1
  shift
  begin=$(now)
  "$@" || fail "$what failed (exit status $?)"
  awk -v a="$begin" -v b="$(now)" -v n=$((files + 1)) -v bytes="$total" -v what="$what" \
    'BEGIN { s = b - a; printf "%s: %d files, %.0f MiB in %.2f s: %.0f files/s, %.0f MiB/s\n", what, n, bytes / 1048576, s, n / s, bytes / 1048576 / s }'
}

# must_be_refused WANTED COMMAND...: shows what it prints; the exit status of an error that a service answered is 254.
must_be_refused() {
  wanted=$1
  shift
  status=0
  "$@" >"$work/refused.log" 2>&1 || status=$?
  sed 's/^/  /' "$work/refused.log"
  say "  (exit status $status)"
  [ "$status" -ne 0 ] || fail "$wanted was accepted"
  [ "$status" -eq 254 ] || fail "$wanted: the exit status is $status and not 254"
}

prepare
: "${AWS_DEFAULT_REGION:=us-east-1}"
export AWS_DEFAULT_REGION
make_work_folder
if [ -n "${TUCUXI_ENDPOINT_URL:-}" ]; then
  [ -n "${AWS_ACCESS_KEY_ID:-}" ] && [ -n "${AWS_SECRET_ACCESS_KEY:-}" ] || fail "TUCUXI_ENDPOINT_URL needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY beside it"
  title "Using the server at $TUCUXI_ENDPOINT_URL"
else
  start_server
fi

title "Making a tree of files"
make_tree

name=tucuxi-$(random_name)
title "tucuxi mb s3://$name"
tucuxi mb "s3://$name" || fail "the bucket could not be made"
bucket=$name

title "tucuxi cp --recursive tree s3://$bucket/tree"
timed Upload tucuxi cp --recursive "$work/tree" "s3://$bucket/tree"

title "tucuxi ls --recursive s3://$bucket/tree/"
begin=$(now)
tucuxi ls --recursive "s3://$bucket/tree/" >"$work/list" || fail "the listing failed"
head -n 3 "$work/list"
say "..."
listed=$(grep -c -E '\.bin$' "$work/list" || :)
awk -v a="$begin" -v b="$(now)" -v n="$listed" 'BEGIN { printf "List: %d objects in %.2f s\n", n, b - a }'
[ "$listed" -eq $((files + 1)) ] || fail "$listed objects are listed, $((files + 1)) were uploaded"

title "tucuxi cp --recursive s3://$bucket/tree back"
timed Download tucuxi cp --recursive "s3://$bucket/tree" "$work/back"

title "Comparing every byte"
diff -r "$work/tree" "$work/back" || fail "what came back differs from what was sent"
say "All $((files + 1)) files are equal."

title "With a wrong secret"
must_be_refused "a wrong secret" env AWS_SECRET_ACCESS_KEY=wrong "$tool" ls "s3://$bucket/" --endpoint-url "$TUCUXI_ENDPOINT_URL"

title "With a bucket that is not there"
must_be_refused "a missing bucket" "$tool" ls "s3://$name-missing/" --endpoint-url "$TUCUXI_ENDPOINT_URL"

title "Done"
