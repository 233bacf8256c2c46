// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading;
using Hammer2.Devices.Claims;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Devices;

/// <summary>
/// The 1 to 64 volumes of one filesystem as one address space, and the header that refers to the super-root and the
/// freemap. A set exists only when its headers passed all cross-checks.
/// </summary>
/// <remarks>
/// Thread-safe: after opening, only the bytes on the devices change, the length of the last volume, and volumes are
/// added.
/// Upstream: <c>hammer2_init_volumes</c>,
/// <c>hammer2_get_volume</c>.
/// </remarks>
public sealed class VolumeSet : IDisposable
{
    private readonly List<string> _notes;
    private readonly JoiningVolume? _joining;
    private VolumeLayout _layout;
    private VolumeHeader? _adopted;
    private StrongBox<ulong>? _lostHeaderTid;

    private VolumeSet(Volume[] volumes, JoiningVolume? joining, List<string> notes)
    {
        _layout = new VolumeLayout(volumes);
        _joining = joining;
        _notes = notes;
    }

    /// <summary>The names of the devices in the order of their volumes, joined by colons.</summary>
    public string Name => Layout.Name;

    /// <summary>The header of the root volume, the only one whose super-root, freemap, transaction ids and free counts
    /// are defined: the one that was read, or the one passed to <see cref="Adopt"/> since.</summary>
    public VolumeHeader Header => _adopted ?? Layout.Volumes[0].Header;

    /// <summary>Uses a header that is not on media yet, from a commit that the nodes of a cluster had prepared when
    /// power failed. Call it before anything else reads the set.</summary>
    public void Adopt(VolumeHeader header)
    {
        _adopted = header;
        // It may be the commit that made the filesystem larger; a record with other sizes is void.
        bool isPossible = TryFollow(header);
        Invariant.Holds(isPossible);
    }

    /// <summary>Makes the last volume as long as a header says, or adds the volume that it has more.</summary>
    /// <returns>False when the devices do not have that, or the header is of a smaller filesystem.</returns>
    internal bool TryFollow(VolumeHeader header)
    {
        if (Layout.Following(header, _joining) is not { } next) return false;
        Layout = next;
        return true;
    }

    /// <summary>Changes the length of the last volume, and with it that of the address space.</summary>
    /// <param name="lengthBytes">A multiple of <see cref="Media.VolumeAlignBytes"/> that the device has. When it is
    /// less than before, nothing may be in use beyond it.</param>
    public void SetLastLength(ulong lengthBytes)
    {
        VolumeLayout layout = Layout;
        Invariant.Holds(lengthBytes % Media.VolumeAlignBytes == 0
            && lengthBytes <= (ulong)layout.Volumes[^1].Device.LengthBytes);
        Layout = layout.WithLastLength(lengthBytes);
    }

    /// <summary>Adds a volume, which the set owns from then on.</summary>
    /// <param name="added">A device that was prepared for this filesystem.</param>
    /// <param name="start">Where it begins in the address space, and the present last volume ends: a multiple of 1 GiB.
    /// When that volume becomes shorter, nothing may be in use beyond it.</param>
    /// <param name="lengthBytes">Its length, a multiple of <see cref="Media.VolumeAlignBytes"/>.</param>
    public void Append(JoiningVolume added, ulong start, ulong lengthBytes)
    {
        VolumeLayout layout = Layout;
        Volume last = layout.Volumes[^1];
        Invariant.Holds(start % (ulong)Media.ZoneBytes == 0 && start > last.Start
            && start - last.Start <= (ulong)last.Device.LengthBytes);
        Layout = layout.With(added, start, lengthBytes);
    }

    /// <summary>A device that was going to be a volume when power failed, and is not one; null when there is none. The
    /// set owns it.</summary>
    public JoiningVolume? Joining =>
        _joining is null || Array.Exists(Layout.Volumes, volume => volume.Device == _joining.Device) ? null : _joining;

    /// <summary>The volumes with their places.</summary>
    internal VolumeLayout Layout
    {
        get => Volatile.Read(ref _layout);
        set => Volatile.Write(ref _layout, value);
    }

    /// <summary>The volumes in the order of the address space. Growing and adding volumes replace the list.</summary>
    public IReadOnlyList<Volume> Volumes => Layout.Volumes;

    /// <summary>Size of the address space in bytes.</summary>
    public ulong TotalBytes => Layout.TotalBytes;

    /// <summary>The id of the filesystem, the same on every volume.</summary>
    public MediaUuid FilesystemId => Header.Fields.FilesystemId;

    /// <summary>mirror_tid of the header that was in use when a newer one may have been lost; 0 for never. Read from
    /// the upkeep record when it is first asked for, since each PFS that is opened asks.</summary>
    internal ulong LostHeaderTid
    {
        get
        {
            StrongBox<ulong>? known = Volatile.Read(ref _lostHeaderTid);
            if (known is not null) return known.Value;
            ulong noted = UpkeepRecords.Read(Volumes[0].Device, FilesystemId).Fields.LostHeaderTid;
            Volatile.Write(ref _lostHeaderTid, new(noted));
            return noted;
        }
        set => Volatile.Write(ref _lostHeaderTid, new(value));
    }

    /// <summary>True when any of the devices is read-only.</summary>
    public bool IsReadOnly
    {
        get
        {
            foreach (Volume volume in Layout.Volumes)
                if (volume.Device.IsReadOnly) return true;
            return false;
        }
    }

    /// <summary>Has the devices written from now on, as <see cref="IBlockDevice.BeginWriting"/>: all or none.</summary>
    /// <exception cref="MediaException">One of them cannot be written.</exception>
    public void BeginWriting()
    {
        var begun = new List<IBlockDevice>();
        bool isDone = false;
        try
        {
            foreach (IBlockDevice device in AllDevices())
            {
                if (!device.IsReadOnly) continue;
                device.BeginWriting();
                begun.Add(device);
            }
            isDone = true;
        }
        finally
        {
            if (!isDone) begun.ForEach(static device => device.EndWriting());
        }
    }

    /// <summary>Takes it back, before anything was written.</summary>
    public void EndWriting()
    {
        foreach (IBlockDevice device in AllDevices()) device.EndWriting();
    }

    /// <summary>Reads the headers of the devices again, as for writing, and checks them.</summary>
    /// <param name="claims">How writers on other machines are watched.</param>
    /// <param name="logger">Receives messages.</param>
    /// <returns>A set of the same devices.</returns>
    /// <exception cref="MediaException">As for <see cref="Open"/>; a writer on another machine has one of
    /// them.</exception>
    public VolumeSet ReadForWriting(ClaimOptions claims, ILogger logger)
    {
        List<IBlockDevice> devices = AllDevices();
        foreach (IBlockDevice device in devices) VolumeMarks.RefuseRemote(device, FilesystemId, claims, logger);
        return Open(devices, new VolumeSetOptions(IsReadOnly: false));
    }

    /// <summary>Warnings about faults that did not prevent opening: header copies not used and the reason, fields
    /// ignored. Each names its device.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>
    /// Reads the headers of all devices of one filesystem, given in any order, and checks them.
    /// </summary>
    /// <param name="devices">All volumes. The returned set owns them; when this throws, the caller still does.</param>
    /// <param name="options">How to open the set; read-only by default.</param>
    /// <exception cref="NotHammer2Exception">A device has no valid header.</exception>
    /// <exception cref="VolumeSetException">The devices do not make one filesystem.</exception>
    public static VolumeSet Open(IReadOnlyList<IBlockDevice> devices, VolumeSetOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(devices.Count);
        var members = new VolumeSetMember[devices.Count];
        for (int index = 0; index < members.Length; index++)
        {
            members[index] = new VolumeSetMember(
                devices[index], VolumeHeaderCopies.Read(devices[index]));
        }
        return Assemble(members, options ?? new VolumeSetOptions());
    }

    /// <summary>Makes a set of devices whose headers were read already.</summary>
    internal static VolumeSet Assemble(
        IReadOnlyList<VolumeSetMember> members, VolumeSetOptions options)
    {
        var notes = new List<string>();
        foreach (VolumeSetMember member in members)
        {
            if (member.Copies.DescribeFallback() is { } note)
                notes.Add(note);
        }
        VolumeSetMember[] ordered =
            new VolumeSetChecks(options, notes).Order(members, out VolumeSetMember? joining);
        var volumes = new Volume[ordered.Length];
        for (int index = 0; index < volumes.Length; index++)
        {
            VolumeSetMember member = ordered[index];
            volumes[index] = new Volume(
                index, member.Device, member.Copies, member.Start, member.LengthBytes);
        }
        return new VolumeSet(
            volumes, joining is null ? null : JoiningVolume.Of(joining.Device, joining.Copies), notes);
    }

    /// <summary>Finds the volume that contains a whole range. Allocates no memory.</summary>
    /// <param name="mediaOffset">First byte in the address space of the filesystem.</param>
    /// <param name="lengthBytes">Number of bytes, not negative.</param>
    /// <param name="volume">The volume, or null when the range is not wholly within one.</param>
    public bool TryFindVolume(ulong mediaOffset, long lengthBytes, [NotNullWhen(true)] out Volume? volume)
    {
        volume = Layout.Find(mediaOffset, lengthBytes);
        return volume is not null;
    }

    /// <summary>Finds the device of an address: the device as the user named it, and the offset on it, including the
    /// start of a partition.</summary>
    /// <returns>False when the address is in no volume.</returns>
    public bool TryLocate(ulong mediaOffset, out string device, out long offset)
    {
        bool isFound = TryFindVolume(mediaOffset, 1, out Volume? volume);
        (device, offset) = isFound ? (volume!.Device.Name, (long)(mediaOffset - volume.Start)) : ("", 0);
        if (isFound && volume!.Device is PartitionBlockDevice part)
            (device, offset) = (part.DiskName, part.FirstOffset + offset);
        return isFound;
    }

    /// <summary>Fills the destination from the address space.</summary>
    /// <returns>None; Corrupt when the range is not wholly within one volume, as no valid reference is; Io when the
    /// device fails.</returns>
    public Hammer2Error Read(ulong mediaOffset, Span<byte> destination)
        => TryFindVolume(mediaOffset, destination.Length, out Volume? volume)
            ? volume.Errors.OfRead(volume.Device.Read((long)(mediaOffset - volume.Start), destination))
            : Hammer2Error.Corrupt;

    /// <summary>Writes the source to the address space; durable after the next successful flush.</summary>
    /// <returns>None; Corrupt when the range is not wholly within one volume; else the result of the device.</returns>
    public Hammer2Error Write(ulong mediaOffset, ReadOnlySpan<byte> source)
        => TryFindVolume(mediaOffset, source.Length, out Volume? volume)
            ? volume.Errors.OfWrite(volume.Device.Write((long)(mediaOffset - volume.Start), source))
            : Hammer2Error.Corrupt;

    /// <summary>As <see cref="Write"/>, for bytes that are not expected to be read soon.</summary>
    public Hammer2Error WriteUncached(ulong mediaOffset, ReadOnlySpan<byte> source)
        => TryFindVolume(mediaOffset, source.Length, out Volume? volume)
            ? volume.Errors.OfWrite(volume.Device.WriteUncached((long)(mediaOffset - volume.Start), source))
            : Hammer2Error.Corrupt;

    /// <summary>As <see cref="IBlockDevice.ForgetCached"/>.</summary>
    public void ForgetCached(ulong mediaOffset, long lengthBytes)
    {
        if (TryFindVolume(mediaOffset, lengthBytes, out Volume? volume))
            volume.Device.ForgetCached((long)(mediaOffset - volume.Start), lengthBytes);
    }

    /// <summary>Makes all earlier writes to all volumes durable.</summary>
    /// <returns>None, or the errors of all devices: each is flushed even if an earlier one fails.</returns>
    public Hammer2Error Flush()
    {
        Hammer2Error error = Hammer2Error.None;
        foreach (Volume volume in Layout.Volumes)
            error |= volume.Errors.OfFlush(volume.Device.Flush());
        return error;
    }

    /// <summary>Tells the device that a range, wholly within one volume, is no longer needed.</summary>
    public Hammer2Error Discard(ulong mediaOffset, long lengthBytes)
        => TryFindVolume(mediaOffset, lengthBytes, out Volume? volume)
            ? volume.Device.Discard((long)(mediaOffset - volume.Start), lengthBytes)
            : Hammer2Error.Corrupt;

    /// <summary>Describes a media offset as device and offset on it, for messages.</summary>
    public string DescribeLocation(ulong mediaOffset)
        => TryFindVolume(mediaOffset, 1, out Volume? volume)
            ? string.Create(CultureInfo.InvariantCulture,
                $"{volume.Device.Name} at 0x{mediaOffset - volume.Start:x}")
            : string.Create(CultureInfo.InvariantCulture,
                $"{Name} at 0x{mediaOffset:x}, outside all volumes");

    /// <summary>Closes the devices. Nothing is flushed.</summary>
    public void Dispose()
    {
        foreach (Volume volume in Layout.Volumes)
            volume.Device.Dispose();
        Joining?.Device.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private List<IBlockDevice> AllDevices()
    {
        var devices = new List<IBlockDevice>();
        foreach (Volume volume in Layout.Volumes) devices.Add(volume.Device);
        if (Joining is { } joining) devices.Add(joining.Device);
        return devices;
    }
}
