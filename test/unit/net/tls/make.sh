#!/bin/sh
# Makes the test certificates anew, beside this script: one authority (ca.pem), and servers that are in order or are not. The keys protect nothing.
set -e
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/new"
: > "$work/index.txt"
echo 1000 > "$work/serial"
cat > "$work/ca.cnf" <<CNF
[ca]
default_ca = own
[own]
dir = $work
new_certs_dir = $work/new
database = $work/index.txt
serial = $work/serial
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
CN = unused
CNF
key() { [ -f "$1.key" ] || openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null; }
key ca
openssl req -config "$work/ca.cnf" -new -key ca.key -subj "/CN=tucuxi test authority" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -out "$work/ca.csr"
openssl ca -batch -config "$work/ca.cnf" -selfsign -keyfile ca.key -in "$work/ca.csr" -startdate 20200101000000Z -enddate 20991231235959Z -notext -out ca.pem 2>/dev/null
# name, CN, subjectAltName or "", from, to
issue() {
  openssl req -config "$work/ca.cnf" -new -key "${6:-server}.key" -subj "/CN=$2" ${3:+-addext "subjectAltName=$3"} -out "$work/$1.csr"
  openssl ca -batch -config "$work/ca.cnf" -cert ca.pem -keyfile ca.key -in "$work/$1.csr" -startdate "$4" -enddate "$5" -notext -out "$1.pem" 2>/dev/null
}
long="20200101000000Z 20991231235959Z"
names="DNS:localhost,DNS:tcx.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1"
key server
[ -f rsa.key ] || openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
issue good "good" "$names" $long
issue rsa "rsa" "$names" $long rsa
issue expired "expired" "$names" 20200101000000Z 20210203000000Z
issue future "future" "$names" 20900405000000Z 20991231235959Z
issue nosan "localhost" "" $long
issue wronghost "localhost" "DNS:other.example,DNS:more.example,IP:10.1.2.3" $long
issue noip "127.0.0.1" "DNS:localhost" $long
openssl req -config "$work/ca.cnf" -new -key server.key -subj "/CN=self" -addext "subjectAltName=$names" -out "$work/self.csr"
openssl ca -batch -config "$work/ca.cnf" -selfsign -keyfile server.key -in "$work/self.csr" -startdate 20200101000000Z -enddate 20991231235959Z -notext -out self.pem 2>/dev/null
# what clients show: EC and RSA, the keys in each form that there is
key client
[ -f client-rsa.key ] || openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out client-rsa.key 2>/dev/null
issue client "client" "" $long client
issue client-rsa "client" "" $long client-rsa
openssl ec -in client.key -out client-sec1.key 2>/dev/null
openssl rsa -traditional -in client-rsa.key -out client-pkcs1.key 2>/dev/null
openssl pkcs8 -topk8 -in client.key -passout pass:x -out client-encrypted.key
openssl rsa -traditional -aes128 -passout pass:x -in client-rsa.key -out client-encrypted-pkcs1.key 2>/dev/null
cat client.pem client.key > client-both.pem
