#!/bin/sh
# Builds and tests tucuxi on Debian 12: installs what is missing (as root or with sudo), builds with -Werror under AddressSanitizer and
# UndefinedBehaviorSanitizer in build-test/, and runs the unit, compliance, wire, fuzz corpus, integration and check tests.
#
#   sh test/run.sh [--full] [PATTERN...]
#
# --full     also: all operations in the differential test, three times, clang's build, valgrind on the unit tests, clang-tidy and clang-format, the fuzz targets with libFuzzer, torture
# PATTERN    run only tests whose name holds it
# TUCUXI_TEST_MINIO=1   the integration tests run against MinIO too
# Where java and mvn are installed the tests run against DynamoDB Local too.
# TUCUXI_TEST_FUZZ_SECONDS=60   with --full, how long each fuzz target runs
# CI=true    a server that cannot be had is a failure, not a skip
#
# The last line is "N passed, F failed, S skipped"; the exit status is 0 when F is 0 and N is not.
set -u
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd) || exit 1
build=$root/build-test
. "$root/test/tools/setup.sh"

give_up() {
  complain "$*"
  say "0 passed, 1 failed, 0 skipped"
  exit 1
}

# configure_and_build NAME COMPILER OPTIONS...: a build below build-test/, quiet when all is well.
configure_and_build() {
  folder=$build/$1
  compiler=$2
  shift 2
  mkdir -p "$folder" || give_up "cannot write to $folder"
  say "Building ${folder#"$root"/}"
  cmake -S "$root" -B "$folder" -G Ninja -DCMAKE_C_COMPILER="$compiler" -DTCX_WERROR=ON -DCMAKE_EXPORT_COMPILE_COMMANDS=ON "$@" >"$folder/configure.log" 2>&1 ||
    { cat "$folder/configure.log" >&2; give_up "cmake failed in $folder"; }
  cmake --build "$folder" >"$folder/build.log" 2>&1 ||
    { tail -n 100 "$folder/build.log" >&2; give_up "the build failed in $folder"; }
}

full=
for argument in "$@"; do
  case "$argument" in
    --full) full=yes ;;
    -*) complain "usage: sh test/run.sh [--full] [PATTERN...]"; exit 2 ;;
  esac
done

packages="$TUCUXI_BUILD_PACKAGES $TUCUXI_TEST_PACKAGES $TUCUXI_SERVER_PACKAGES"
[ -z "$full" ] || packages="$packages $TUCUXI_FULL_PACKAGES"
need_packages $packages || give_up "not all that is needed is installed"

if versitygw_ready; then
  TUCUXI_VERSITYGW=$(versitygw_path)
  export TUCUXI_VERSITYGW
fi
if metadata_mock_ready; then
  TUCUXI_METADATA_MOCK=$(metadata_mock_path)
  export TUCUXI_METADATA_MOCK
fi
if python_tools_ready; then
  TUCUXI_BOTOCORE=$(python_tools_path)/bin/python
  TUCUXI_MOTO=$(python_tools_path)/bin/moto_server
  export TUCUXI_BOTOCORE TUCUXI_MOTO
fi
if dynamodb_local_ready; then
  TUCUXI_DYNAMODB_LOCAL=$(dynamodb_local_path)/lib
  export TUCUXI_DYNAMODB_LOCAL
fi
if [ "${TUCUXI_TEST_MINIO:-}" = 1 ]; then
  minio_ready || give_up "TUCUXI_TEST_MINIO is set, but MinIO cannot be had"
  TUCUXI_MINIO=$(minio_path)
  export TUCUXI_MINIO
fi

configure_and_build debug gcc -DCMAKE_BUILD_TYPE=Debug -DTCX_SANITIZE=ON
configure_and_build release gcc -DCMAKE_BUILD_TYPE=Release -DTCX_BUILD_TESTS=OFF -DTCX_BUILD_BENCH=ON -DCMAKE_INSTALL_PREFIX="$build/prefix"
if [ -n "$full" ]; then
  TUCUXI_FULL=1 # tests that take longer with it: large objects, wall time
  export TUCUXI_FULL
  configure_and_build clang clang -DCMAKE_BUILD_TYPE=Debug -DTCX_SANITIZE=ON
  configure_and_build valgrind gcc -DCMAKE_BUILD_TYPE=Debug
  configure_and_build fuzz clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTCX_SANITIZE=ON -DTCX_FUZZ=ON -DTCX_BUILD_EXAMPLES=OFF
  set -- "$@" --also clang "$build/clang" --valgrind "$build/valgrind"
fi

jobs=$(nproc 2>/dev/null || say 2)
exec python3 "$root/test/tools/run_tests.py" --build "$build/debug" --release "$build/release" --jobs "$jobs" "$@"
