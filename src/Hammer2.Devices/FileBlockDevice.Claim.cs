// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

// The kernel's exclusive claim on a block device, which can be handed over to a kernel mount (fuseblk).
public sealed unsafe partial class FileBlockDevice
{
    private const int ClaimWaitMilliseconds = 5000;
    private const int ClaimPollMilliseconds = 20;

    private static readonly TimeSpan s_claimPoll = TimeSpan.FromMilliseconds(ClaimPollMilliseconds);

    /// <summary>Path of a block device that is claimed for writing, so that it can be the source of a fuseblk mount.
    /// Null for an image file, for a read-only device, and while such a mount has the claim.</summary>
    public string? ClaimedPath => _isBlock && _isClaimed ? Name : null;

    /// <summary>Releases the kernel's exclusive claim, so that the kernel can claim the device for a mount. The lock is
    /// kept, so that no other HAMMER2 writer can open the device in between.</summary>
    /// <returns>False when it failed; the claim is then still held.</returns>
    /// <exception cref="DeviceBusyException">Another process acquired the lock in between.</exception>
    public bool ReleaseClaim()
    {
        if (!_isClaimed || !Reopen(LinuxBlockIoctls.OpenReadWrite)) return false;
        _isClaimed = false;
        return true;
    }

    /// <summary>Claims the device again after a mount that failed, or that has ended. The kernel releases the claim of
    /// a mount a moment after its last request; this is waited for, up to five seconds.</summary>
    /// <returns>False when another process, or a mount that files are still open on, has the claim.</returns>
    /// <exception cref="DeviceBusyException">As for <see cref="ReleaseClaim"/>.</exception>
    public bool RenewClaim()
    {
        if (!_isBlock || IsReadOnly || _lock is null) return false;
        for (int waited = 0; !_isClaimed && waited <= ClaimWaitMilliseconds; waited += ClaimPollMilliseconds)
        {
            _isClaimed = Reopen(LinuxBlockIoctls.OpenReadWrite | LinuxBlockIoctls.OpenExclusive);
            if (!_isClaimed) _scheduler.Pause(s_claimPoll);     // the kernel does not tell when it is free
        }
        return _isClaimed;
    }

    // The claim and the flock belong to the open file. The new file replaces the old descriptor number once it holds
    // the flock; closing the old file releases its claim and flock. The range lock is held all the time, so that
    // another HAMMER2 process that gets the flock in between releases it soon: this is waited for.
    private bool Reopen(int flags)
    {
        using SafeFileHandle? again = LinuxBlockIoctls.TryOpen(Name, flags);
        if (again is null || !LinuxBlockIoctls.TryStat(again, out FileStatus status) || status.Identity != Identity)
            return false;
        if (LinuxBlockIoctls.Lock(_file, LinuxBlockIoctls.LockNone) != 0) return false;
        if (TryLockExclusive(again) && LinuxBlockIoctls.TryReplace(_file, again)) return true;
        if (TryLockExclusive(_file)) return false;
        throw new DeviceBusyException(Name, "was opened by another process while it was being mounted");
    }

    private bool TryLockExclusive(SafeFileHandle file)
    {
        const int Exclusive = LinuxBlockIoctls.LockExclusive | LinuxBlockIoctls.LockNoWait;
        for (int waited = 0; LinuxBlockIoctls.Lock(file, Exclusive) != 0; waited += ClaimPollMilliseconds)
        {
            if (waited >= ClaimWaitMilliseconds / 2) return false;
            _scheduler.Pause(s_claimPoll);
        }
        return true;
    }
}
