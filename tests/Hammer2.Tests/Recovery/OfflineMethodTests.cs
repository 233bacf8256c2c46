// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using System.Text;
using Hammer2.Admin;
using Hammer2.Admin.Resolve;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Hammer2.Tool.Output;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Recovery;

/// <summary>setcomp, setcheck and clrcheck on devices that are not mounted, one node and three.</summary>
public sealed class OfflineMethodTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Methods_are_set_on_a_tree_and_stay()
    {
        string source = _scratch.Below("source");
        Directory.CreateDirectory(source + "/d/e");
        File.WriteAllText(source + "/d/e/file", "text");
        File.WriteAllText(source + "/other", "text");
        string image = _scratch.Below("x.img");
        Assert.Equal(0, ToolRun.Execute("newfs", "-s", "512m", image, "--populate", source).ExitCode);

        ToolRun run = ToolRun.Execute("setcomp", "--volume", image, "-r", "zlib:9", "/d", "--json");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["/d", "/d/e", "/d/e/file"],
            run.Json.GetProperty("paths").EnumerateArray().Select(one => one.GetProperty("path").GetString()));
        Assert.Equal(0, ToolRun.Execute("setsha192", "--volume", image, "/d/e/file").ExitCode);
        Assert.Equal(0, ToolRun.Execute("clrcheck", "--volume", image + "@DATA", "/other").ExitCode);
        Assert.Equal(("zlib:9", "sha192"), MethodsOf(image, "/d/e/file"));
        Assert.Equal(("zlib:9", "xxhash64"), MethodsOf(image, "/d"));
        Assert.Equal("none", MethodsOf(image, "/other").Check);
        Assert.Equal(0, ToolRun.Execute("fsck", image).ExitCode);
    }

    [Fact]
    public void Every_node_of_a_cluster_is_set_or_none()
    {
        string[] nodes = [_scratch.Below("n0"), _scratch.Below("n1"), _scratch.Below("n2")];
        NewVolume.ClusterInFiles(nodes);
        string first = nodes[0] + "@" + NewVolume.ClusterLabel;
        Assert.NotEqual(0, ToolRun.Execute("setcheck", "--volume", first, "crc32", "/").ExitCode);
        ToolRun run = ToolRun.Execute(
            "setcheck", "--volume", first, "--node", nodes[1], "--node", nodes[2], "crc32", "/");
        Assert.Equal(0, run.ExitCode);
        foreach (string node in nodes) Assert.Equal("iscsi32", MethodsOf(node, "/", NewVolume.ClusterLabel).Check);
        Assert.Equal(0, ToolRun.Execute(["fsck", .. nodes]).ExitCode);
    }

    [Fact]
    public void Wrong_arguments_are_refused()
    {
        string image = _scratch.Below("x.img");
        NewVolume.InFile(image);
        Assert.Equal(5, ToolRun.Execute("setcomp", "--volume", image, "lz4", "/none").ExitCode);
        Assert.Equal(2, ToolRun.Execute("setcomp", "--volume", image, "squeeze", "/").ExitCode);
        Assert.Equal(2, ToolRun.Execute("setcomp", "--node", image, "lz4", "/").ExitCode);
        Assert.Equal(3, ToolRun.Execute("setcomp", "--volume", image + "@NONE", "lz4", "/").ExitCode);
        Assert.Equal(3, ToolRun.Execute("setcomp", "--volume", "/dev/null", "lz4", "/").ExitCode);
    }

    private static (string Compression, string Check) MethodsOf(string image, string path, string label = "DATA")
    {
        using VolumeSet volumes = MediaSource.Open(
            [image], new MediaSourceOptions(TakesLock: false), NullLogger.Instance);
        PfsRecord pfs = PfsCatalog.Read(volumes).Records.Single(one => Encoding.ASCII.GetString(one.Label) == label);
        byte[][] parts = [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Encoding.ASCII.GetBytes)];
        Assert.Null(ObjectBlocks.Find(volumes, pfs, parts, out Blockref inode));
        byte[] block = new byte[Media.InodeBytes];
        Assert.Equal(Hammer2Error.None, volumes.Read(inode.Data.Bytes, block));
        ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
        return (MediaText.CompressionPolicy(meta.CompressionPolicy), MediaText.Check(meta.Check));
    }
}
