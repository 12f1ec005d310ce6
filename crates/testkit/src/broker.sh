# One private RabbitMQ on port $1 (Erlang distribution on $2, epmd on $3; when $4 is given also TLS there, with
# the files of authority, certificate and key in $5 to $7), obeying the lines of standard input: start, stop,
# kill, freeze, thaw. At the end of the input (the test process is gone, however it went) the server and its
# folder go too.
set -u
# Caught, not ignored: what is ignored would be for the server too.
trap : INT TERM HUP
umask 077
folder=$(mktemp -d "${TMPDIR:-/tmp}/pass-broker-XXXXXX") || { echo "cannot make a temporary folder"; exit 1; }
# Not the wrapper in the path: it wants to be root or rabbitmq, and uses the machine's folders.
sbin=$(ls -d /usr/lib/rabbitmq/lib/*/sbin /usr/local/lib/rabbitmq*/sbin /opt/rabbitmq/sbin 2>/dev/null | tail -n 1)
[ -n "$sbin" ] && [ -x "$sbin/rabbitmq-server" ] ||
  { echo "RabbitMQ is not installed (package rabbitmq-server)"; rm -rf "$folder"; exit 1; }
export HOME="$folder" RABBITMQ_NODENAME="pass$1@localhost" RABBITMQ_DIST_PORT="$2" \
  ERL_EPMD_PORT="$3" ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_MNESIA_BASE="$folder/data" \
  RABBITMQ_LOG_BASE="$folder/log" RABBITMQ_ENABLED_PLUGINS_FILE="$folder/plugins" \
  RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf" \
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 2:2 +sbwt none" \
  RUNNING_UNDER_SYSTEMD=true # the script then becomes the server, so that $! is its pid
echo '[].' >"$folder/plugins"
printf 'listeners.tcp.1 = 127.0.0.1:%s\ndisk_free_limit.absolute = 1MB\nlog.file.level = warning\n' "$1" \
  >"$folder/rabbitmq.conf"
[ $# -gt 3 ] && printf '%s = %s\n' listeners.ssl.1 "127.0.0.1:$4" ssl_options.cacertfile "$5" \
  ssl_options.certfile "$6" ssl_options.keyfile "$7" ssl_options.verify verify_none >>"$folder/rabbitmq.conf"
epmd -port "$3" -address 127.0.0.1 >/dev/null 2>&1 &
epmd=$!
server=
while read -r order; do
  case $order in
    start) "$sbin/rabbitmq-server" >"$folder/out" 2>&1 & server=$! ;;
    stop) kill -TERM "$server"; wait "$server"; server= ;;
    kill) kill -KILL "$server"; wait "$server"; server= ;;
    freeze) kill -STOP "$server" ;;
    thaw) kill -CONT "$server" ;;
  esac
  echo "$order done"
done
[ -n "$server" ] && { kill -KILL "$server"; wait "$server"; }
kill "$epmd"
rm -rf "$folder"
