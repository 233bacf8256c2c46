// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

// The kernel's claim on a block special, which a mount of the kernel's may take over.
public sealed unsafe partial class FileBlockDevice
{
    /// <summary>Path of a block special that was claimed for writing: a mount can be made on it. Null for an image,
    /// and for one that is only read.</summary>
    public string? ClaimedPath => _isBlock && _hasClaim ? Name : null;

    /// <summary>Lets go of the kernel's claim, so that the kernel can take it for a mount. The lock stays, so that
    /// no other writer of HAMMER2 comes in between.</summary>
    /// <returns>False when it could not be done; the claim is still there then.</returns>
    /// <exception cref="DeviceBusyException">Somebody came in between, and has the lock now.</exception>
    public bool ReleaseClaim() => Reopen(LinuxBlockIoctls.OpenReadWrite);

    /// <summary>Takes the claim again after a mount that did not come about.</summary>
    /// <returns>False when somebody else has it.</returns>
    /// <exception cref="DeviceBusyException">As for <see cref="ReleaseClaim"/>.</exception>
    public bool RenewClaim() => Reopen(LinuxBlockIoctls.OpenReadWrite | LinuxBlockIoctls.OpenExclusive);

    // The claim belongs to the open file, and so does the lock: both go with the old one once the new one, which
    // takes its number, has the lock. No writer can take that in between, for the device is claimed; a reader may.
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
