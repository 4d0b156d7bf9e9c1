#!/bin/sh
# Makes the tiny guest from Debian packages: no mount, no loop device; as root or under fakeroot.
#
#   build.sh DEBS OUT     DEBS: a folder of .deb files;  OUT: an existing, empty folder
#
#   OUT/tiny.qcow2              a whole disk for BIOS: p1 FAT16 with syslinux, p2 ext4 "tinyroot"
#   OUT/vmlinuz initrd cmdline  the same guest for a direct kernel boot
set -eu
debs=$1 out=$2
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d "$out/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT

ROOT_MB=48                     # as shipped; the guest grows it to its disk at the first boot
EARLY='virtio_pci virtio_blk'  # modules by the time they are needed: to find the root disk,
SOON='virtio_rng virtio_net button evdev'                   # to be on the network,
LATE='virtio_console virtio_balloon isofs vfat nls_cp437 nls_ascii nls_iso8859_1
      sd_mod sr_mod virtio_scsi ata_piix'                   # and the rest
LIBRARIES='ld-linux-x86-64.so.2 libc.so.6 libm.so.6 libcrypt.so.1 libgmp.so.10 libtomcrypt.so.1
      libtommath.so.1 libz.so.1 libext2fs.so.2 libcom_err.so.2 libe2p.so.2 libnss_files.so.2
      libglib-2.0.so.0 libgmodule-2.0.so.0 libpcre2-8.so.0 libudev.so.1 libnuma.so.1 liburing.so.2'
# Emulated, the TSC is calibrated against a host that may be busy, and is then wrong by any factor: the HPET counts real
# time. Under KVM there is none (domain_xml), and the kernel takes kvm-clock.
COMMAND_LINE='console=tty0 console=ttyS0 quiet loglevel=4 root=LABEL=tinyroot panic=-1
      init_on_alloc=0 nokaslr mitigations=off clocksource=hpet no_timer_check random.trust_cpu=on
      net.ifnames=0 memhp_default_state=online 8250.nr_uarts=2 cryptomgr.notests'

# --- packages -----------------------------------------------------------------------------------
x=$work/packages; mkdir "$x"
for deb in "$debs"/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" |
        tar -x -C "$x" --exclude='./usr/share/*' --exclude='./usr/lib/debug'
done
release=$(ls "$x/lib/modules")
busybox=$x/bin/busybox

# --- kernel modules: the guest has insmod and a list in the right order, no modprobe -------------
module_file() { find "$x/lib/modules/$release/kernel" -name "$(echo "$1" | sed 's/_/[_-]/g').ko"; }

needed_by() { tr '\0' '\n' < "$1" | sed -n 's/^depends=//p' | tr ',-' ' _'; }

in_load_order() { # MODULE...: these and all that they need, what is needed first
    todo="$*" seen=' ' pairs=''
    while [ -n "$todo" ]; do
        # shellcheck disable=SC2086 # words are wanted
        set -- $todo; module=$1; shift; todo="$*"
        file=$(module_file "$module")
        case $seen in *" $module "*) continue ;; esac
        [ -n "$file" ] || continue                          # built into the kernel
        seen="$seen$module " pairs="$pairs $module $module"
        for need in $(needed_by "$file"); do
            pairs="$pairs $need $module" todo="$todo $need"
        done
    done
    echo "$pairs" | tsort
}

put_modules() { # FOLDER LIST MODULE...: those that no earlier list has
    folder=$1 list=$2; shift 2
    for module in $(in_load_order "$@"); do
        grep -qsx "$module" "$work"/loaded && continue
        cp "$(module_file "$module")" "$folder/$module.ko"
        echo "$module" | tee -a "$work/loaded" >> "$folder/$list"
    done
}

# --- initrd -------------------------------------------------------------------------------------
i=$work/initrd
mkdir -p "$i/bin" "$i/lib/modules" "$i/proc" "$i/sys" "$i/dev" "$i/run" "$i/sysroot"
cp "$busybox" "$i/bin/"
cp "$here/initrd/init" "$i/init"; chmod 755 "$i/init"
put_modules "$i/lib/modules" order $EARLY
(cd "$i" && find . -print0 | LC_ALL=C sort -z |
    cpio -0 -o -H newc -R 0:0 --quiet --reproducible) | gzip -9n > "$out/initrd"
cp "$x/boot/vmlinuz-$release" "$out/vmlinuz"
# shellcheck disable=SC2086 # one line is wanted
echo $COMMAND_LINE > "$out/cmdline"

# --- root file system ---------------------------------------------------------------------------
r=$work/root; lib=$r/lib/x86_64-linux-gnu
mkdir -p "$r/bin" "$r/sbin" "$r/usr/bin" "$r/usr/sbin" "$r/lib/modules" "$r/lib64" "$lib" \
    "$r/etc/dropbear" "$r/root/.ssh" "$r/proc" "$r/sys" "$r/dev" "$r/run" "$r/tmp" "$r/mnt" \
    "$r/home" "$r/var/log" "$r/var/lib/cloud"
cp "$busybox" "$r/bin/"
cp "$x/sbin/resize2fs" "$r/sbin/"
cp "$x/usr/bin/dropbearkey" "$r/usr/bin/"
cp "$x/usr/sbin/dropbear" "$x/usr/sbin/qemu-ga" "$r/usr/sbin/"
for library in $LIBRARIES; do
    cp -L "$(find "$x/lib" "$x/usr/lib" -name "$library" | head -n 1)" "$lib/"
done
ln -s /lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$r/lib64/"
put_modules "$r/lib/modules" soon $SOON
put_modules "$r/lib/modules" late $LATE

for applet in $("$busybox" --list); do
    case $applet in
        busybox | init | linuxrc | sh | dpkg | dpkg-deb | rpm | rpm2cpio) ;;
        *) ln -s busybox "$r/bin/$applet" ;;
    esac
done
ln -s busybox "$r/bin/sh"
ln -s /bin/busybox "$r/sbin/init"
ln -s /proc/mounts "$r/etc/mtab"
cp -R "$here/root/." "$r/"
chown -R 0:0 "$r"
chmod 755 "$r/etc/rc" "$r"/sbin/*
chmod 700 "$r/root" "$r/root/.ssh"; chmod 600 "$r/etc/shadow"; chmod 1777 "$r/tmp"

# --- disk ---------------------------------------------------------------------------------------
mke2fs -q -t ext4 -O 'has_journal,^64bit,^metadata_csum,resize_inode' -J size=4 -b 1024 -m 0 \
    -E root_owner=0:0,resize=4194304 -L tinyroot -U 7a1b0f52-0000-4000-8000-000000000001 \
    -d "$r" "$work/root.img" "${ROOT_MB}M"

boot_mb=$(( ( $(stat -c %s "$out/vmlinuz") + $(stat -c %s "$out/initrd") ) / 1048576 + 2 ))
truncate -s "${boot_mb}M" "$work/boot.img"
mkfs.vfat -F 16 -s 4 -n TINYBOOT --invariant -i 7a1b0f52 -h 2048 "$work/boot.img" >/dev/null
cat > "$work/syslinux.cfg" <<END
SERIAL 0 115200
DEFAULT tiny
PROMPT 0
TIMEOUT 0
LABEL tiny
 LINUX /vmlinuz
 INITRD /initrd
 APPEND $(cat "$out/cmdline")
END
export MTOOLS_SKIP_CHECK=1
mcopy -i "$work/boot.img" "$out/vmlinuz" "$out/initrd" "$work/syslinux.cfg" ::/
syslinux --install "$work/boot.img"

truncate -s "$((1 + boot_mb + ROOT_MB + 1))M" "$work/disk.img"
sfdisk -q --no-reread --no-tell-kernel "$work/disk.img" <<END
label: dos
label-id: 0x7a1b0f52
start=2048, size=$((boot_mb * 2048)), type=e, bootable
start=$(((1 + boot_mb) * 2048)), size=$((ROOT_MB * 2048)), type=83
END
put() { dd if="$1" of="$work/disk.img" conv=notrunc,sparse bs=1M seek="$2" status=none; }
dd if=/usr/lib/syslinux/mbr/mbr.bin of="$work/disk.img" conv=notrunc bs=440 count=1 status=none
put "$work/boot.img" 1
put "$work/root.img" $((1 + boot_mb))
qemu-img convert -c -O qcow2 "$work/disk.img" "$out/tiny.qcow2"
