# One private BIND in the folder $1, which has its named.conf, obeying the lines of standard input: reload,
# freeze, thaw. At the end of the input (the test process is gone, however it went) the server and the
# folder go too.
set -u
# Caught, not ignored: what is ignored would be for the server too.
trap : INT TERM HUP
named=$(PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v named) ||
  { echo "BIND is not installed (package bind9)"; rm -rf "$1"; exit 1; }
# A copy, since AppArmor lets the installed one read its own folders only.
cp "$named" "$1/named" || { echo "cannot copy $named"; rm -rf "$1"; exit 1; }
cd "$1" || exit 1
./named -g -n 1 -c "$1/named.conf" >"$1/log" 2>&1 &
server=$!
echo ready
while read -r order; do
  case $order in
    reload) kill -HUP "$server" ;;
    freeze) kill -STOP "$server" ;;
    thaw) kill -CONT "$server" ;;
  esac
  echo "$order done"
done
kill -KILL "$server"
wait "$server"
cd /
rm -rf "$1"
