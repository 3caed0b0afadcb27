#!/bin/sh
# look.sh KEY: who owns a key, and by which way a message would get there. Environment: BANYAN_NODE, BANYAN_CA, BANYAN_TOKEN.
set -eu
key=${1:?usage: look.sh KEY}
proto=$(dirname "$0")/..
buf=${BUF:-npx buf}

call() {
  $buf curl --schema "$proto" --protocol grpc --cacert "$BANYAN_CA" --servername localhost \
    --header "authorization: Bearer $BANYAN_TOKEN" --data "$2" "https://$BANYAN_NODE/$1"
}

call banyan.overlay.v1.OverlayService/Lookup "{\"key\": {\"name\": \"$key\"}, \"replicas\": 2}"
call banyan.overlay.v1.OverlayService/Trace "{\"key\": {\"name\": \"$key\"}, \"dryRun\": true}"
