// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: programs that copy extended attributes and ACLs give the same on a mount as on Linux's own filesystems:
/// setfacl, getfacl, getfattr, tar, rsync and cp, from the mount and back, over mounts, in snapshots, and not with
/// <c>noxattr</c>.
/// </summary>
public sealed class ExtendedAttributeMountTests
{
    private const string Dump = "getfattr -R -P -h -d -m - . | grep -v selinux; getfacl -R -P -n .";

    [MountTheory]
    [InlineData("writeback")]
    [InlineData("nowriteback")]
    public void Copies_keep_attributes_and_ACLs(string option)
    {
        using var image = new PfsImage("512m", "A");
        string work = Directory.CreateTempSubdirectory("hammer2-xattr-").FullName;
        string before;
        using (MountFixture mount = MountFixture.MountForWriting(image.Path + "@A", option))
        {
            MakeTree(mount.Root + "/tree");
            before = Shell(mount.Root + "/tree", Dump);
            Shell(mount.Root, $"tar --acls --xattrs --xattrs-include='*' -cf {work}/t.tar tree && mkdir back "
                + $"&& tar --acls --xattrs --xattrs-include='*' -xf {work}/t.tar -C back");
            Assert.Equal(before, Shell(mount.Root + "/back/tree", Dump));
            Shell(mount.Root, "mkdir synced && rsync -aHAX tree/ synced/ && cp -a tree copied");
            Assert.Equal(before, Shell(mount.Root + "/synced", Dump));
            Assert.Equal(before, Shell(mount.Root + "/copied", Dump));
            Assert.Equal(0, HammerProgram.Run("snapshot", mount.Root, "kept").ExitCode);
            Shell(mount.Root, "setfattr -x user.short tree/f && setfacl -b tree/f");
            Assert.Equal(before, Shell(mount.Root + "/.hammer2/snapshots/kept/tree", Dump));
            Assert.NotEqual(before, Shell(mount.Root + "/tree", Dump));
            Shell(mount.Root, "getfattr -d .hammer2 && ls -l .hammer2 .hammer2/snapshots");
        }
        using (MountFixture mount = MountFixture.Mount(image.Path + "@A"))
            Assert.Equal(before, Shell(mount.Root + "/copied", Dump));
        using (MountFixture mount = MountFixture.MountForWriting(image.Path + "@A", "noxattr"))
        {
            Shell(mount.Root, "! setfattr -n user.new -v v copied/f && test -z \"$(getfattr -d -m - copied/f)\"");
            Shell(mount.Root, "echo more >> copied/d/g && mv copied moved");
        }
        using (MountFixture mount = MountFixture.MountForWriting(image.Path + "@A", option))
            Assert.Equal(before, Shell(mount.Root + "/moved", Dump));
        Directory.Delete(work, recursive: true);
    }

    private static void MakeTree(string root)
    {
        string tree = Directory.CreateDirectory(root).FullName;
        Shell(tree, "mkdir d d/e && echo f > f && echo g > d/g && ln f d/hard && ln -s f link && mkfifo pipe");
        Shell(tree, "setfattr -n user.short -v short f && setfattr -n user.none d");
        Shell(tree, "setfattr -n user.long -v $(head -c 9000 /dev/zero | tr '\\0' x) d/g");
        Shell(tree, "setfattr -n trusted.t -v t d/e && setfattr -h -n trusted.l -v l link");
        Shell(tree, "setfacl -m u:1001:rwx,g:1002:r f && setfacl -d -m u:1003:rw,g:1004:x d && echo new > d/new");
        Shell(tree, "cp /bin/true prog && setcap cap_net_raw+ep prog && setfattr -n user.root -v r .");
    }

    private static string Shell(string directory, string script)
    {
        ProgramResult done = HammerProgram.RunAny("bash", "-c", $"cd {directory} && {script}");
        Assert.True(done.ExitCode == 0, $"{script}: {done.Output} {done.Error}");
        return done.Output;
    }
}
