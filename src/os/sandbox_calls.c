// SPDX-License-Identifier: EUPL-1.2
#include "os/sandbox_calls.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <unistd.h>

/* What every role needs that has its work in memory and on open descriptors: reading and writing,
 * memory, threads, waiting, time, ending. */
static const int calls_all[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(fstat),
    SCMP_SYS(fcntl),
    SCMP_SYS(dup),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(shutdown),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(pipe2),
    SCMP_SYS(eventfd2),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(rseq),
    SCMP_SYS(membarrier),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(prlimit64),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/* The role that connects outwards, and writes the files of outputs. Landlock says which files. */
static const int calls_fetch[] = {
    SCMP_SYS(socket),   SCMP_SYS(socketpair), SCMP_SYS(connect),    SCMP_SYS(openat),
    SCMP_SYS(open),     SCMP_SYS(stat),       SCMP_SYS(lstat),      SCMP_SYS(newfstatat),
    SCMP_SYS(statx),    SCMP_SYS(access),     SCMP_SYS(faccessat),  SCMP_SYS(faccessat2),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64), SCMP_SYS(getcwd),
    SCMP_SYS(fsync),    SCMP_SYS(fdatasync),  SCMP_SYS(ftruncate),  SCMP_SYS(pwrite64),
    SCMP_SYS(rename),   SCMP_SYS(renameat),   SCMP_SYS(renameat2),  SCMP_SYS(unlink),
    SCMP_SYS(unlinkat), SCMP_SYS(mkdir),      SCMP_SYS(mkdirat),    SCMP_SYS(fchmod),
    SCMP_SYS(ioctl),    SCMP_SYS(sendmmsg),   SCMP_SYS(bind), /* netlink, for names of hosts */
    SCMP_SYS(statfs),   SCMP_SYS(fstatfs),    SCMP_SYS(flock),
};

/* What the store may not: it reads and writes files and listens, by libraries that change, so that
 * a list of what it may would be long and tell little. Nothing here is ever needed. */
static const int calls_store_refused[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(connect),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(fsopen),
    SCMP_SYS(chroot),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(reboot),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(name_to_handle_at),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(personality),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(modify_ldt),
    SCMP_SYS(setuid),
    SCMP_SYS(setgid),
    SCMP_SYS(setgroups),
    SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* 0, or the first error of libseccomp. */
static int rules_add(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        status = seccomp_rule_add(filter, action, calls[i], 0);
        status = status == -EDOM ? 0 : status; /* this processor has no such call */
    }
    return status;
}

/* A clone that shares the memory of its maker is a thread; another would be a process. clone3()
 * hides its flags behind a pointer: without it, the C library uses clone(). */
static int threads_only(scmp_filter_ctx filter)
{
    int status = seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
        SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_VM | CLONE_THREAD, CLONE_VM | CLONE_THREAD));
    if (status == 0) {
        status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    }
    return status;
}

/* As threads_only(), where all that is not refused is allowed. */
static int processes_refused(scmp_filter_ctx filter)
{
    int status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    if (status == 0) {
        status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    }
    return status;
}

/* Calls that are harmless with some arguments only. */
static int with_arguments(scmp_filter_ctx filter, enum sandbox_role role)
{
    int status = threads_only(filter);
    if (status == 0) { /* fstat() of the C library: no path can be named by it */
        const uint64_t at_empty_path = 0x1000;
        status = role == SANDBOX_FETCH
                     ? 0
                     : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
                                        SCMP_A3(SCMP_CMP_MASKED_EQ, at_empty_path, at_empty_path));
    }
    if (status == 0) { /* abort() sends the signal to its own thread */
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                                  SCMP_A0(SCMP_CMP_EQ, (uint64_t)getpid(), 0));
    }
    return status;
}

static int role_add(scmp_filter_ctx filter, enum sandbox_role role)
{
    if (role == SANDBOX_STORE) {
        int refused = rules_add(filter, SCMP_ACT_ERRNO(EPERM), calls_store_refused,
                                COUNT(calls_store_refused));
        return refused != 0 ? refused : processes_refused(filter);
    }
    int status = rules_add(filter, SCMP_ACT_ALLOW, calls_all, COUNT(calls_all));
    if (status == 0 && role == SANDBOX_FETCH) {
        status = rules_add(filter, SCMP_ACT_ALLOW, calls_fetch, COUNT(calls_fetch));
    }
    return status != 0 ? status : with_arguments(filter, role);
}

enum err sandbox_calls_enter(struct op *op, enum sandbox_role role)
{
    scmp_filter_ctx filter =
        seccomp_init(role == SANDBOX_STORE ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));
    if (filter == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for a jail");
    }
    int status = role_add(filter, role);
    if (status == 0) {
        status = seccomp_load(filter);
    }
    seccomp_release(filter);
    /* A kernel without seccomp has the other wall. */
    if (status != 0 && status != -EINVAL && status != -ENOSYS) {
        return op_fail(op, ERR_IO, "seccomp: %s", strerror(-status));
    }
    return ERR_OK;
}
