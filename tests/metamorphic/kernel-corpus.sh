#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/metamorphic/kernel-corpus.sh DIR [SOURCE...] - assembler of a real kernel, for the long run
#
# Gets Debian's linux-source-6.1 (or takes KERNEL_SOURCE, an unpacked tree, or
# KERNEL_DEB, the package), configures it as VARIANTS say, and has it compile each SOURCE
# (kernel/fork.c without its .c, ...) to DIR/VARIANT/kernel_fork.s. Takes some 4 GB and, on two
# cores, an hour for all variants. Then:
#
#     CASES=40 METAMORPHIC_CORPUS=$(echo DIR/*/ | tr ' ' :) tests/metamorphic/run.sh
#
# Needs flex, bison, bc, xz, gcc, libelf-dev, libssl-dev; for the clang variants clang, lld, llvm.

set -eu
dir=$(mkdir -p "$1" && cd "$1" && pwd)
shift
variants=${VARIANTS:-gcc gcc-sections gcc-size gcc-tables clang clang-sections}
jobs=${JOBS:-$(nproc)}
build=${BUILD_DIR:-$dir/.build}

[ $# -gt 0 ] || set -- \
	kernel/{fork,exit,signal,workqueue,kprobes,cpu,sys,softirq,module/main,sched/core} \
	kernel/{sched/fair,time/timer,time/hrtimer,printk/printk,locking/mutex,bpf/verifier} \
	kernel/{bpf/core,trace/ftrace,trace/trace,irq/manage,rcu/tree,cgroup/cgroup,events/core} \
	mm/{memory,mmap,slub,page_alloc,vmscan,filemap,shmem,swapfile,mprotect} \
	fs/{namei,open,read_write,inode,dcache,namespace,exec,splice,eventpoll,aio} \
	fs/ext4/{inode,super,namei} net/core/{dev,skbuff,sock,filter,neighbour} \
	net/ipv4/{tcp,tcp_input,route,udp} net/netlink/af_netlink net/unix/af_unix \
	lib/{vsprintf,string,rbtree,radix-tree,iov_iter,crc32} block/{bio,blk-core,blk-mq} \
	arch/x86/kernel/{traps,alternative,process,signal,apic/apic,cpu/common} arch/x86/mm/fault \
	drivers/{base/core,char/random,tty/tty_io,pci/probe} security/selinux/hooks io_uring/io_uring

source_tree()
{
	if [ -n "${KERNEL_SOURCE:-}" ]; then
		echo "$KERNEL_SOURCE"
		return
	fi
	if ! ls "$build"/linux-source-*/Makefile >/dev/null 2>&1; then
		mkdir -p "$build/deb"
		if [ -n "${KERNEL_DEB:-}" ]; then
			cp "$KERNEL_DEB" "$build/deb/"
		else
			(cd "$build/deb" && apt-get -q download linux-source-6.1 >&2)
		fi
		dpkg-deb -x "$build"/deb/linux-source-*.deb "$build/deb"
		tar -C "$build" -xf "$build"/deb/usr/src/linux-source-*.tar.xz
		rm -rf "$build/deb"
	fi
	dirname "$build"/linux-source-*/Makefile
}

# $1: variant. What a distribution has on: tracing, static branches, mitigations, verbose bugs.
configure()
{
	local config=("$source/scripts/config" --file "$out/.config")

	quietly x86_64_defconfig
	"${config[@]}" -e MODULES -e JUMP_LABEL -e RETPOLINE -e RETHUNK -e SLS -e UNWINDER_ORC \
		-e FTRACE -e FUNCTION_TRACER -e DYNAMIC_FTRACE -e DYNAMIC_DEBUG -e PRINTK_INDEX \
		-e KPROBES -e LIVEPATCH -e DEBUG_KERNEL -e DEBUG_ATOMIC_SLEEP -e BPF_SYSCALL \
		-e BPF_JIT -e PREEMPT_DYNAMIC -e CGROUPS -e MEMCG -e DEBUG_INFO_NONE -d WERROR \
		-d DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT -d SYSTEM_TRUSTED_KEYRING \
		--set-str SYSTEM_TRUSTED_KEYS "" --set-str SYSTEM_REVOCATION_KEYS ""
	[ "$1" != gcc-tables ] || "${config[@]}" -d RETPOLINE -d RETHUNK -d X86_KERNEL_IBT
	quietly olddefconfig
	quietly prepare modules_prepare
}

quietly()
{
	make -C "$source" O="$out" -j"$jobs" "${flags[@]}" "$@" >"$out/log" 2>&1 || {
		tail -n 20 "$out/log" >&2
		return 1
	}
}

source=$(source_tree)
for variant in $variants; do
	out=$build/$variant
	mkdir -p "$out" "$dir/$variant"
	flags=()
	case $variant in clang*) flags+=(LLVM=1) ;; esac
	case $variant in
	*-sections) flags+=("KCFLAGS=-ffunction-sections -fdata-sections") ;;
	*-size) flags+=(KCFLAGS=-Os) ;;
	*-tables) flags+=(KCFLAGS=-fjump-tables) ;;
	esac
	[ -f "$out/.prepared" ] || { configure "$variant" && touch "$out/.prepared"; }
	# -k: what this configuration does not have is left out
	make -C "$source" O="$out" -j"$jobs" -k "${flags[@]}" "${@/%/.s}" >"$out/log" 2>&1 || :
	for file; do
		[ -f "$out/$file.s" ] && cp "$out/$file.s" "$dir/$variant/${file//\//_}.s"
	done
	echo "$variant: $(find "$dir/$variant" -name '*.s' | wc -l) of $#"
done
