// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Admin.MetaImage;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Copies the metadata of a filesystem to a sparse file.</summary>
internal static class MetaImageCommand
{
    private static readonly ArgumentRow Image = new("FILE",
        "the file to make; of several volumes FILE.0, FILE.1 and so on")
    { Completes = Completion.File };

    private static readonly OptionRow Scramble = new("--scramble",
        "replace names in directories by others of the same length and hash");

    public static readonly CommandRow Row = new("metaimage", "copy all metadata to a sparse file, for reports", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            The file is as long as the volume and takes the space of its metadata. Volume headers with all trees that they
            lead to, snapshots and the freemap are there, at their addresses, so that fsck and other tools work on it as on
            the original, up to the data of files. Damaged blocks are damaged in the image as well.

            Left out are the data of files, data that is embedded in inodes, the targets of symbolic links, the boot and
            the auxiliary area, and what nothing leads to, such as deleted files. The check codes of data are replaced
            by those of zeros, and the codes of all blocks above are calculated again.

            Names remain, unless they are scrambled: then each part of a name between the characters . - _ ~ becomes another
            one of its length. Parts of up to four bytes, such as extensions, stay, as do the labels of PFSs, numbers, sizes,
            times and owners. Extended attributes and ACLs in inodes remain, too, unless names are scrambled: then they are
            left out. Those in files are data.

            JSON: files, each with path; headers, inodes, indirects, nameBlocks, reservedBytes, dataReferences,
            embeddedContents, droppedAttributes, scrambledNames, unreadTotal, and unread, each with address and reason.
            """,
        Arguments = [MediaOptions.Volume, Image],
        Options = [Scramble, .. MediaOptions.All],
        HasUnits = true,
        Examples =
        [
            new("hammer2 metaimage --scramble /dev/sdb1 report.img", "metadata to go with a report"),
            new("hammer2 metaimage /dev/sdb1 report.img && tar -cSzf report.tgz report.img", "pack it, with its holes"),
        ],
        ExitCodes =
        [
            new(ExitCode.Ok, "everything was copied"),
            new(ExitCode.Damage, "blocks that cannot be read, or that are damaged, were listed"),
            new(ExitCode.Usage, "malformed command line"),
            new(ExitCode.CannotOpen, "a device cannot be opened, has no HAMMER2 filesystem, or FILE cannot be made"),
            new(ExitCode.Failed, "FILE could not be written"),
            new(ExitCode.Internal, "a defect of this program"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        MountSpec spec = MediaOptions.ParseReadable(invocation.Text(MediaOptions.Volume));
        using VolumeSet volumes = MediaOptions.Open(invocation, spec);
        List<string> paths = PathsOf(invocation.Text(Image), volumes.Volumes.Count);
        var devices = new List<IBlockDevice>();
        using var progress = new ProgressLine(invocation.Terminal);
        try
        {
            for (int index = 0; index < paths.Count; index++) devices.Add(Make(paths[index], volumes.Volumes[index]));
            invocation.Interrupted = static () => "the image is not complete";
            MetaImageReport result = MetaImageWriter.Write(volumes, devices, new MetaImageOptions
            {
                ScramblesNames = invocation.Has(Scramble),
                Seed = volumes.FilesystemId.Low,
                Progress = blocks => progress.Show($"metaimage: {blocks.ToString(CultureInfo.InvariantCulture)} blocks"),
            });
            progress.Clear();
            using Report report = invocation.OpenReport();
            Write(report, paths, result);
            return result.UnreadTotal > 0 ? ExitCode.Damage : ExitCode.Ok;
        }
        catch (DeviceWriteException failure)
        {
            throw new CommandException(ExitCode.Failed, failure.Message, failure);
        }
        catch (MediaException failure)
        {
            throw new CommandException(ExitCode.CannotOpen, failure.Message, failure);
        }
        finally
        {
            foreach (IBlockDevice device in devices) device.Dispose();
        }
    }

    private static List<string> PathsOf(string path, int volumes)
    {
        var paths = new List<string>();
        for (int index = 0; index < volumes; index++)
            paths.Add(volumes == 1 ? path : path + "." + index.ToString(CultureInfo.InvariantCulture));
        foreach (string one in paths)
            if (LinuxPath.Exists(one)) throw new CommandException(ExitCode.CannotOpen, $"{one}: exists, and is not replaced");
        return paths;
    }

    private static FileBlockDevice Make(string path, Volume volume)
    {
        ImageFile.Create(path, (long)volume.LengthBytes);
        return FileBlockDevice.Open(path);
    }

    private static void Write(Report report, List<string> paths, MetaImageReport result)
    {
        report.BeginList("files");
        foreach (string path in paths)
        {
            report.BeginEntry(ByteText.ToPrintable(path));
            report.Detail("path", Cell.Text(path));
            report.EndEntry();
        }
        report.EndList();
        report.Value("headers", "headers", Cell.Number(result.Headers));
        report.Value("inodes", "inodes", Cell.Number(result.Inodes));
        report.Value("indirects", "indirect blocks", Cell.Number(result.Indirects));
        report.Value("nameBlocks", "blocks with names", Cell.Number(result.NameBlocks));
        report.Value("reservedBytes", "freemap", Cell.Bytes(result.ReservedBytes));
        report.Value("scrambledNames", "names replaced", Cell.Number(result.ScrambledNames));
        report.Value("dataReferences", "left out: data of", Cell.Number(result.DataReferences));
        report.Value("embeddedContents", "left out: embedded", Cell.Number(result.EmbeddedContents));
        report.Value("droppedAttributes", "left out: attributes of", Cell.Number(result.DroppedAttributes));
        report.Value("unreadTotal", "unreadable, damaged", Cell.Number(result.UnreadTotal));
        report.BeginList("unread");
        foreach ((ulong address, string reason) in result.Unread)
        {
            report.BeginEntry($"0x{address:x}: {reason}");
            report.Detail("address", Cell.Hex(address));
            report.Detail("reason", Cell.Text(reason));
            report.EndEntry();
        }
        report.EndList();
    }
}
