// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Hammer2.Tool;
using Hammer2.Tool.Mounts;
using Xunit;

namespace Hammer2.Tests.Recovery;

/// <summary>Filesystems found by the label of a PFS, on a made-up machine whose disks are files; and lines of
/// fstab.</summary>
public sealed class LabelSearchTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_label_that_one_filesystem_has_is_found()
    {
        AddDisk("sda", "sda1", "sda2");
        NewVolume.InFile(Device("sda2"), seed: 1);
        AddDisk("sdb");
        File.WriteAllBytes(Device("sdb"), new byte[4096]);
        Assert.Equal([Device("sda2") + "@DATA"], Search().Find("DATA"));
        Assert.Contains("no block device", Refusal("NONE"), StringComparison.Ordinal);
        // A disk without a size is not there: an empty drive.
        AddDisk("sdc");
        NewVolume.InFile(Device("sdc"), seed: 2);
        File.WriteAllText(_scratch.Below("sys/sdc/size"), "0\n");
        Assert.Single(Search().Find("DATA"));
    }

    [Fact]
    public void Several_filesystems_with_the_label_are_named()
    {
        AddDisk("sda");
        AddDisk("sdb");
        NewVolume.InFile(Device("sda"), seed: 1);
        NewVolume.InFile(Device("sdb"), seed: 2);
        string refusal = Refusal("DATA");
        Assert.Contains(Device("sda"), refusal, StringComparison.Ordinal);
        Assert.Contains(Device("sdb"), refusal, StringComparison.Ordinal);
        // A copy is another filesystem with the same ids.
        File.Copy(Device("sda"), Device("sdb"), overwrite: true);
        Assert.Contains("several", Refusal("DATA"), StringComparison.Ordinal);
    }

    [Fact]
    public void Volumes_of_one_filesystem_and_nodes_of_one_cluster_are_joined()
    {
        foreach (string name in (string[])["sda", "sdb", "sdc"]) AddDisk(name);
        NewVolume.ClusterInFiles([Device("sda"), Device("sdb"), Device("sdc")]);
        Assert.Equal([Device("sda") + "@CL", Device("sdb"), Device("sdc")], Search().Find("CL"));

        string[] volumes = [.. GoldenImage.Paths("mvol2")];
        AddDisk("sdd");
        AddDisk("sde");
        File.CreateSymbolicLink(Device("sdd"), volumes[1]);
        File.CreateSymbolicLink(Device("sde"), volumes[0]);
        Assert.Equal([$"{Device("sdd")}:{Device("sde")}@DATA"], Search().Find("DATA"));
    }

    [Fact]
    public void One_volume_of_several_is_completed_by_the_others()
    {
        string[] volumes = [.. GoldenImage.Paths("mvol4")];
        string[] names = ["sda", "sdb", "sdc", "sdd"];
        for (int index = 0; index < names.Length; index++)
        {
            AddDisk(names[index]);
            File.CreateSymbolicLink(Device(names[index]), volumes[index]);
        }
        string given = Device("sdc");
        string all = string.Join(':', [given, Device("sda"), Device("sdb"), Device("sdd")]);
        Assert.Equal(all, LabelSearch.Complete(given, Search));
        Assert.Equal(all + "@A:b@c", LabelSearch.Complete(given + "@A:b@c", Search));
        Assert.Equal(all, LabelSearch.Complete(all, Search));
        // A copy of one volume: which of the two belongs to the filesystem is for the user to say.
        AddDisk("sde");
        File.Copy(volumes[1], Device("sde"));
        Assert.Equal(given, LabelSearch.Complete(given, Search));
        // One is missing.
        File.Delete(Device("sde"));
        File.Delete(Device("sdd"));
        Assert.Equal(given, LabelSearch.Complete(given, Search));
        Assert.Equal("/dev/null", LabelSearch.Complete("/dev/null", Search));
    }

    [Fact]
    public void What_is_mounted_from_an_image_is_found_once()
    {
        Directory.CreateDirectory(_scratch.Below("sys"));
        NewVolume.InFile(_scratch.Below("x.img"), seed: 4);
        LabelSearch search = Search() with { Mounted = [_scratch.Below("x.img"), _scratch.Below("x.img")] };
        Assert.Equal([_scratch.Below("x.img") + "@DATA"], search.Find("DATA"));
    }

    [Fact]
    public void Lines_of_fstab_are_read()
    {
        FstabLine[] lines = [.. FstabLine.Parse(
            "# comment\n\n/dev/sda1 / ext4 defaults 0 1\n/dev/sdb\\0401 /m\\040nt\thammer2 pfs=HOME,nofail 0 2\n"
            + "/dev/sdc /c hammer2 ro,noauto\n/dev/sdd /d hammer2\nshort line\n")];
        Assert.Equal(4, lines.Length);
        Assert.Equal(new FstabLine("/dev/sdb 1", "/m nt", "hammer2", "pfs=HOME,nofail"), lines[1]);
        Assert.Equal([true, true, false, true], System.Linq.Enumerable.Select(lines, line => line.IsAutomatic));
        File.WriteAllText(_scratch.Below("fstab"),
            "/dev/none /nowhere hammer2 noauto 0 0\n/dev/x /nowhere hammer2 ro 0 0\n");
        ToolRun run = ToolRun.Execute("mountall", "--dry-run", "--fstab", _scratch.Below("fstab"));
        Assert.Equal((0, "mount /dev/x on /nowhere (ro)\n"), (run.ExitCode, run.Text));
        Assert.Equal("mount /dev/vn0@LOCAL on /var/hammer2/LOCAL.vn0 (defaults)\n",
            ToolRun.Execute("mountall", "--dry-run", "/dev/vn0").Text);
        Assert.NotEqual(0, ToolRun.Execute("mountall", "--fstab", _scratch.Below("missing")).ExitCode);
    }

    private LabelSearch Search() => new(_scratch.Below("sys"), _scratch.Below("dev"), []);

    private string Refusal(string label) =>
        Assert.Throws<CommandException>(() => Search().Find(label)).Message;

    private string Device(string name) => _scratch.Below("dev/" + name);

    private void AddDisk(string name, params string[] partitions)
    {
        Directory.CreateDirectory(_scratch.Below("dev"));
        string disk = _scratch.Below("sys/" + name);
        Directory.CreateDirectory(disk + "/queue");
        File.WriteAllText(disk + "/size", "2048\n");
        foreach (string partition in partitions)
        {
            Directory.CreateDirectory($"{disk}/{partition}");
            File.WriteAllText($"{disk}/{partition}/partition", "1\n");
        }
    }
}
