// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

// The kernel's exclusive claim on a block device, which can be handed over to a kernel mount (fuseblk).
public sealed unsafe partial class FileBlockDevice
{
    /// <summary>Path of a block device that is claimed for writing, so that it can be the source of a fuseblk mount.
    /// Null for an image file and for a read-only device.</summary>
    public string? ClaimedPath => _isBlock && _hasClaim ? Name : null;

    /// <summary>Releases the kernel's exclusive claim, so that the kernel can claim the device for a mount. The lock is
    /// kept, so that no other HAMMER2 writer can open the device in between.</summary>
    /// <returns>False when it failed; the claim is then still held.</returns>
    /// <exception cref="DeviceBusyException">Another process acquired the lock in between.</exception>
    public bool ReleaseClaim() => Reopen(LinuxBlockIoctls.OpenReadWrite);

    /// <summary>Claims the device again after a mount that failed.</summary>
    /// <returns>False when another process has claimed it.</returns>
    /// <exception cref="DeviceBusyException">As for <see cref="ReleaseClaim"/>.</exception>
    public bool RenewClaim() => Reopen(LinuxBlockIoctls.OpenReadWrite | LinuxBlockIoctls.OpenExclusive);

    // The claim and the lock belong to the open file. The new file replaces the old descriptor number once it holds the
    // lock; closing the old file releases its claim and lock. No writer can lock in between because the device is
    // claimed; a reader can.
    private bool Reopen(int flags)
    {
        if (!_hasClaim) return false;
        using SafeFileHandle? again = LinuxBlockIoctls.TryOpen(Name, flags);
        if (again is null || !LinuxBlockIoctls.TryStat(again, out FileStatus status) || status.Identity != Identity)
            return false;
        const int Exclusive = LinuxBlockIoctls.LockExclusive | LinuxBlockIoctls.LockNoWait;
        if (LinuxBlockIoctls.Lock(_file, LinuxBlockIoctls.LockNone) != 0) return false;
        bool isLocked = LinuxBlockIoctls.Lock(again, Exclusive) == 0;
        if (isLocked && LinuxBlockIoctls.TryReplace(_file, again)) return true;
        if (LinuxBlockIoctls.Lock(_file, Exclusive) == 0) return false;
        throw new DeviceBusyException(Name, "was opened by another process while it was being mounted");
    }
}
