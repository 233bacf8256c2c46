// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin.Newfs;
using Hammer2.Devices;
using Hammer2.Devices.Claims;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Tool.Newfs;

/// <summary>A device for a new filesystem: an open device, or a file that will be created.</summary>
internal sealed class NewfsTarget(string path, IBlockDevice? device, long lengthBytes)
{
    public string Path { get; } = path;

    /// <summary>The open device; null while the file is missing.</summary>
    public IBlockDevice? Device { get; set; } = device;

    public long LengthBytes { get; } = lengthBytes;

    /// <summary>The signatures found on it.</summary>
    public IReadOnlyList<Signature> Signatures { get; } = device is null ? [] : SignatureProbe.Find(device);
}

/// <summary>A new filesystem: the only one, or a node of a cluster. Owns its devices.</summary>
internal sealed class NewfsNode : IDisposable
{
    private readonly List<NewfsTarget> _targets = [];

    private readonly NewfsRequest _request;

    private NewfsNode(NewfsRequest request, int index)
    {
        _request = request;
        Wanted = request.Describe(index);
    }

    /// <summary>The parameters.</summary>
    public NewFilesystem Wanted { get; }

    /// <summary>The layout.</summary>
    public VolumePlan Plan { get; private set; } = null!;

    /// <summary>Its devices, in the order of the volumes.</summary>
    public IReadOnlyList<NewfsTarget> Targets => _targets;

    /// <summary>The names of the devices, joined by colons.</summary>
    public string Name => string.Join(':', _targets.ConvertAll(target => target.Path));

    /// <summary>Opens existing devices, rejects those that must not be overwritten, and plans the layout. Nothing is
    /// written.</summary>
    /// <exception cref="CommandException">A device cannot be opened, is in use, or has other content.</exception>
    public static NewfsNode Open(NewfsRequest request, int index)
    {
        var node = new NewfsNode(request, index);
        try
        {
            string[] paths = request.Nodes[index];
            for (int volume = 0; volume < paths.Length; volume++)
                node._targets.Add(OpenTarget(request, paths[volume], SizeOf(request, paths.Length, volume)));
            if (!request.Forces) node.RefuseContent();
            node.Plan = VolumePlan.Make(node.Wanted, node._targets.ConvertAll(
                target => new DeviceSpace(target.Path, target.LengthBytes)));
            return node;
        }
        catch (NewfsException refusal)
        {
            node.Dispose();
            throw new CommandException(ExitCode.Usage, refusal.Message, refusal);
        }
        catch (CommandException)
        {
            node.Dispose();
            throw;
        }
    }

    /// <summary>Creates missing files as sparse files.</summary>
    /// <exception cref="CommandException">A file cannot be created.</exception>
    public void CreateFiles()
    {
        foreach (NewfsTarget target in _targets)
        {
            if (target.Device is not null) continue;
            try
            {
                ImageFile.Create(target.Path, target.LengthBytes);
            }
            catch (MediaException failure)
            {
                throw new CommandException(ExitCode.CannotOpen, failure.Message, failure);
            }
            target.Device = OpenDevice(_request, target.Path);
        }
    }

    /// <summary>Transfers the ownership of the devices to the caller.</summary>
    public IReadOnlyList<IBlockDevice> ReleaseDevices()
    {
        IReadOnlyList<IBlockDevice> devices = Devices();
        foreach (NewfsTarget target in _targets) target.Device = null;
        return devices;
    }

    /// <summary>The open devices.</summary>
    public IReadOnlyList<IBlockDevice> Devices() => _targets.ConvertAll<IBlockDevice>(target => target.Device!);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NewfsTarget target in _targets) target.Device?.Dispose();
    }

    private static NewfsTarget OpenTarget(NewfsRequest request, string path, ulong? size)
    {
        IBlockDevice? device = DeviceOpener.IsRemote(path) || LinuxPath.Exists(path) ? OpenDevice(request, path) : null;
        if (device is { LengthBytes: > 0 }) return new NewfsTarget(path, device, device.LengthBytes);
        // An empty file is treated as a missing one.
        device?.Dispose();
        return size is { } bytes
            ? new NewfsTarget(path, null, (long)bytes)
            : throw new CommandException(ExitCode.CannotOpen,
                $"{path}: no such device; with {NewfsOptions.Size.Name} SIZE a file is created");
    }

    private static IBlockDevice OpenDevice(NewfsRequest request, string path)
    {
        LoopUse use = LoopUse.Find(path);
        if (use.Device is { } loop)
        {
            throw new CommandException(
                ExitCode.CannotOpen, $"{path}: is in use as {loop}; 'losetup -d {loop}' ends that");
        }
        if (use.Note is not null) request.Warn(use.Note);
        IBlockDevice? device = null;
        try
        {
            device = DeviceOpener.Open(path, new FileBlockDeviceOptions(), request.Logger);
            DeviceOpener.RefuseOtherWriters(device, new ClaimOptions(), request.Logger);
            return device;
        }
        catch (MediaException refusal)
        {
            device?.Dispose();
            throw new CommandException(ExitCode.CannotOpen, refusal.Message, refusal);
        }
    }

    // One size is that of the only volume, or the total of several, which does not give the size of a missing file.
    private static ulong? SizeOf(NewfsRequest request, int volumes, int volume) =>
        request.Sizes.Count == volumes ? request.Sizes[volume] : null;

    private void RefuseContent()
    {
        foreach (NewfsTarget target in _targets)
        {
            if (target.Signatures.Count > 0)
            {
                throw new CommandException(ExitCode.CannotOpen, $"{target.Path}: has "
                    + $"{SignatureProbe.Describe(target.Signatures)}; {NewfsOptions.Force.Name} overwrites it");
            }
            // What is on a block device, and behind an address, is expected to be old data.
            if (target.Device is not FileBlockDevice device) continue;
            if (device.FindContent(out long offset) != Hammer2Error.None)
            {
                throw new CommandException(ExitCode.CannotOpen, $"{target.Path}: cannot be read, so it is not "
                    + $"known whether it has other content; {NewfsOptions.Force.Name} overwrites it");
            }
            if (offset < 0) continue;
            throw new CommandException(ExitCode.CannotOpen, $"{target.Path}: is a file with other content (byte "
                + $"{offset} is not zero); {NewfsOptions.Force.Name} overwrites it");
        }
    }
}
