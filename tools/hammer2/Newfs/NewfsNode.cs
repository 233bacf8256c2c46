// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin.Newfs;
using Hammer2.Devices;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Tool.Newfs;

/// <summary>A device that a filesystem is to be made on: one that is there and open, or a file that is still to be
/// made.</summary>
internal sealed class NewfsTarget(string path, FileBlockDevice? device, long lengthBytes)
{
    public string Path { get; } = path;

    /// <summary>The open device; null while the file is missing.</summary>
    public FileBlockDevice? Device { get; set; } = device;

    public long LengthBytes { get; } = lengthBytes;

    /// <summary>What was found on it.</summary>
    public IReadOnlyList<Signature> Signatures { get; } = device is null ? [] : SignatureProbe.Find(device);
}

/// <summary>One filesystem that is made: the only one, or a node of a cluster. Owns its devices.</summary>
internal sealed class NewfsNode : IDisposable
{
    private readonly List<NewfsTarget> _targets = [];

    private readonly NewfsRequest _request;

    private NewfsNode(NewfsRequest request, int index)
    {
        _request = request;
        Wanted = request.Describe(index);
    }

    /// <summary>What it is to be like.</summary>
    public NewFilesystem Wanted { get; }

    /// <summary>Where everything goes.</summary>
    public VolumePlan Plan { get; private set; } = null!;

    /// <summary>Its devices, in the order of the volumes.</summary>
    public IReadOnlyList<NewfsTarget> Targets => _targets;

    /// <summary>The devices' names as people write them.</summary>
    public string Name => string.Join(':', _targets.ConvertAll(target => target.Path));

    /// <summary>Opens what is there, refuses what must not be overwritten, and plans. Nothing is written.</summary>
    /// <exception cref="CommandException">A device cannot be opened, is in use, or holds something.</exception>
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

    /// <summary>Makes the files that are missing, sparse.</summary>
    /// <exception cref="CommandException">One cannot be made.</exception>
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

    /// <summary>Gives the devices to a new owner.</summary>
    public IReadOnlyList<IBlockDevice> TakeDevices()
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
        FileBlockDevice? device = LinuxPath.Exists(path) ? OpenDevice(request, path) : null;
        if (device is { LengthBytes: > 0 }) return new NewfsTarget(path, device, device.LengthBytes);
        // An empty file is as good as none.
        device?.Dispose();
        return size is { } bytes
            ? new NewfsTarget(path, null, (long)bytes)
            : throw new CommandException(ExitCode.CannotOpen,
                $"{path}: there is no such device; with {NewfsOptions.Size.Name} SIZE a file is made");
    }

    private static FileBlockDevice OpenDevice(NewfsRequest request, string path)
    {
        LoopUse use = LoopUse.Find(path);
        if (use.Device is { } loop)
        {
            throw new CommandException(
                ExitCode.CannotOpen, $"{path}: is in use as {loop}; 'losetup -d {loop}' ends that");
        }
        if (use.Note is not null) request.Warn(use.Note);
        try
        {
            FileBlockDevice device = FileBlockDevice.Open(path);
            if (device.LockNote is { } note) request.Warn(note);
            return device;
        }
        catch (MediaException refusal)
        {
            throw new CommandException(ExitCode.CannotOpen, refusal.Message, refusal);
        }
    }

    // One size is that of the only volume, or the sum of several, which tells nothing of a file that is missing.
    private static ulong? SizeOf(NewfsRequest request, int volumes, int volume) =>
        request.Sizes.Count == volumes ? request.Sizes[volume] : null;

    private void RefuseContent()
    {
        foreach (NewfsTarget target in _targets)
        {
            if (target.Signatures.Count > 0)
            {
                throw new CommandException(ExitCode.CannotOpen, $"{target.Path}: holds "
                    + $"{SignatureProbe.Describe(target.Signatures)}; {NewfsOptions.Force.Name} overwrites it");
            }
            if (target.Device is not { } device) continue;
            if (device.FindContent(out long offset) != Hammer2Error.None)
            {
                throw new CommandException(ExitCode.CannotOpen, $"{target.Path}: cannot be read, so that it is not "
                    + $"known whether it holds anything; {NewfsOptions.Force.Name} overwrites it");
            }
            if (offset < 0) continue;
            throw new CommandException(ExitCode.CannotOpen, $"{target.Path}: is a file with other content (byte "
                + $"{offset} is not zero); {NewfsOptions.Force.Name} overwrites it");
        }
    }
}
