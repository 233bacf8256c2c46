// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

// The kernel's exclusive claim on a block device, which can be handed over to a kernel mount (fuseblk), and the change
// of a reader into a writer.
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

    /// <inheritdoc/>
    public bool CanBeWritten => !IsReadOnly
        || (LinuxBlockIoctls.MayWrite(Name) && !(_isBlock && LinuxBlockIoctls.IsReadOnly(_file)));

    /// <inheritdoc/>
    public void BeginWriting()
    {
        if (!IsReadOnly) return;
        _lock?.MakeExclusive(Name);
        bool isWritable = false;
        try
        {
            OpenForWriting();
            isWritable = true;
        }
        finally
        {
            if (!isWritable) _lock?.MakeShared(Name);
        }
    }

    /// <inheritdoc/>
    public void EndWriting()
    {
        if (IsReadOnly || !Reopen(LinuxBlockIoctls.OpenReadOnly, LinuxBlockIoctls.LockShared)) return;
        _isReadOnly = true;
        _isClaimed = false;
        _direct?.Dispose();
        _direct = null;
        _lock?.MakeShared(Name);
    }

    private void OpenForWriting()
    {
        if (!LinuxBlockIoctls.TryStat(Name, out FileStatus status)) throw OpenFailed(Name, LinuxBlockIoctls.LastError);
        var options = new FileBlockDeviceOptions(IsReadOnly: false, TakesLock: _lock is not null);
        using SafeFileHandle again = OpenDescriptor(Name, status, options);
        if (status.Identity != Identity) throw new DeviceOpenException(Name, "was replaced since it was opened");
        if (status.IsBlock && LinuxBlockIoctls.IsReadOnly(again))
            throw WriteProtected(Name, LinuxBlockIoctls.ErrorReadOnly);
        if (_lock is null)
        {
            if (!LinuxBlockIoctls.TryReplace(_file, again)) throw OpenFailed(Name, LinuxBlockIoctls.LastError);
        }
        else if (!Replace(again, LinuxBlockIoctls.LockShared, LinuxBlockIoctls.LockExclusive))
            throw new DeviceBusyException(Name, "is locked by another process; a second writer is refused");
        _direct ??= TryOpenDirect(Name, status);
        _isClaimed = status.IsBlock && _lock is not null;
        _isReadOnly = false;
    }

    private bool Reopen(int flags, int operation = LinuxBlockIoctls.LockExclusive)
    {
        using SafeFileHandle? again = LinuxBlockIoctls.TryOpen(Name, flags);
        if (again is null || !LinuxBlockIoctls.TryStat(again, out FileStatus status) || status.Identity != Identity)
            return false;
        return Replace(again, LinuxBlockIoctls.LockExclusive, operation);
    }

    // The claim and the flock belong to the open file. The new file replaces the old descriptor number once it holds
    // the flock; closing the old file releases its claim and flock. The range lock is held all the time, so that
    // another HAMMER2 process that gets the flock in between releases it soon: this is waited for.
    private bool Replace(SafeFileHandle again, int before, int after)
    {
        if (LinuxBlockIoctls.Lock(_file, LinuxBlockIoctls.LockNone) != 0) return false;
        if (TryLock(again, after) && LinuxBlockIoctls.TryReplace(_file, again)) return true;
        // An exclusive lock that the new file got is in the way of the old one.
        _ = LinuxBlockIoctls.Lock(again, LinuxBlockIoctls.LockNone);
        if (TryLock(_file, before)) return false;
        throw new DeviceBusyException(Name, "was opened by another process while it was being mounted");
    }

    private bool TryLock(SafeFileHandle file, int operation)
    {
        for (int waited = 0; LinuxBlockIoctls.Lock(file, operation | LinuxBlockIoctls.LockNoWait) != 0;
            waited += ClaimPollMilliseconds)
        {
            if (waited >= ClaimWaitMilliseconds / 2) return false;
            _scheduler.Pause(s_claimPoll);
        }
        return true;
    }
}
